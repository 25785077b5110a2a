//! `GET /openapi.json` and `GET /docs`: the API description, and a page that shows it. The binary
//! contains the assets of the page, so the page loads nothing from other hosts. All addresses in
//! the page are relative, so it also works below a path of a proxy.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use actix_web::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, web};
use utoipa_swagger_ui::Config;

use super::cors::{Pages, allow};
use super::problem_response::not_found;
use super::resource::{READING, read};

/// The templates of the routes.
pub(super) const TEMPLATES: [&str; 4] = ["/openapi.json", "/docs", "/docs/", "/docs/{asset}"];

/// The policy of the page: scripts and styles from this host, and calls to the described service.
/// Swagger UI sets style attributes and shows `data:` images.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

const PAGE: &str = include_str!("docs_page.html");

const START: &str = "window.onload = () => { window.ui = SwaggerUIBundle({ \
    url: new URL('openapi.json', document.baseURI).href, \
    dom_id: '#swagger-ui', deepLinking: true, validatorUrl: null, \
    presets: [SwaggerUIBundle.presets.apis] }); };\n";

/// A file that the page loads.
struct Asset {
    media_type: String,
    bytes: Bytes,
}

/// The files that the page loads, read once. All responses share their bytes.
static ASSETS: LazyLock<BTreeMap<&str, Asset>> = LazyLock::new(|| {
    let config = Arc::new(Config::from("/openapi.json"));
    let files = ["favicon-32x32.png", "swagger-ui-bundle.js", "swagger-ui.css"];
    let read = |name| {
        let file = utoipa_swagger_ui::serve(name, Arc::clone(&config)).ok()??;
        let bytes = match file.bytes {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => Bytes::from(bytes),
        };
        Some((name, Asset { media_type: file.content_type, bytes }))
    };
    let start = Asset {
        media_type: "text/javascript; charset=utf-8".to_owned(),
        bytes: Bytes::from_static(START.as_bytes()),
    };
    files.into_iter().filter_map(read).chain([("start.js", start)]).collect()
});

/// Adds the routes. `openapi` is the JSON text of the document, which pages of `origins` may read.
pub fn routes(openapi: &'static str, origins: Vec<String>) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        let [document_at, page_at, slash_at, asset_at] = TEMPLATES;
        let document = read(document_at, document);
        config
            .app_data(web::Data::new(Document(openapi)))
            .service(allow(Pages::Of(&origins), &READING, document))
            .service(read(page_at, page))
            .service(read(slash_at, page_without_slash))
            .service(read(asset_at, asset));
    }
}

/// The API description, shared by all responses.
struct Document(&'static str);

async fn document(openapi: web::Data<Document>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(openapi.0)
}

async fn page() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .body(PAGE)
}

/// Redirects to the page: its relative addresses need the address without a slash at the end.
async fn page_without_slash() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "../docs")).finish()
}

async fn asset(name: web::Path<String>) -> HttpResponse {
    match ASSETS.get(name.as_str()) {
        Some(asset) => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, asset.media_type.as_str()))
            .body(asset.bytes.clone()),
        None => not_found().await,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::App;
    use actix_web::test::{TestRequest, call_service, init_service, read_body};
    use url::Url;

    use super::*;

    #[actix_web::test]
    async fn page_loads_its_files_by_relative_addresses() {
        let app = init_service(App::new().configure(routes("{}", Vec::new()))).await;
        let get = |path: &str| TestRequest::with_uri(path).to_request();
        let page = call_service(&app, get("/docs")).await;
        assert_eq!(page.headers().get(CONTENT_TYPE).expect("a type"), "text/html; charset=utf-8");
        assert!(page.headers().contains_key(CONTENT_SECURITY_POLICY));
        let page = String::from_utf8(read_body(page).await.to_vec()).expect("UTF-8");
        assert!(!page.contains("://"), "an address of another host: {page}");

        // A proxy removes the path of the service before it passes a request on.
        let address = Url::parse("https://x.example/auth/docs").expect("a URL");
        let files: Vec<_> = page
            .split(' ')
            .filter_map(|part| part.split_once("=\""))
            .filter(|(name, _)| ["href", "src"].contains(name))
            .filter_map(|(_, value)| value.split('"').next())
            .chain(["openapi.json"])
            .collect();
        assert_eq!(files.len(), 5, "{page}");
        for file in files {
            let file = address.join(file).expect("a URL");
            let path = file.as_str().strip_prefix("https://x.example/auth");
            let path = path.unwrap_or_else(|| panic!("{file} is not below the service's path"));
            let response = call_service(&app, get(path)).await;
            assert_eq!(response.status(), 200, "{path}");
            let kind =
                response.headers().get(CONTENT_TYPE).expect("a type").to_str().expect("ASCII");
            let expected = match path.rsplit_once('.').map(|(_, kind)| kind) {
                Some("css") => "text/css",
                Some("js") => "text/javascript",
                Some("png") => "image/png",
                _ => "application/json",
            };
            assert!(kind.starts_with(expected), "{path}: {kind}");
            assert!(!read_body(response).await.is_empty(), "{path}");
        }
        for path in ["/docs/none.js", "/docs/../Cargo.toml", "/docs/%2e%2e%2fCargo.toml"] {
            assert_eq!(call_service(&app, get(path)).await.status(), 404, "{path}");
        }
    }

    #[actix_web::test]
    async fn slash_after_the_page_is_redirected_below_any_path() {
        let app = init_service(App::new().configure(routes("{}", Vec::new()))).await;
        let response = call_service(&app, TestRequest::with_uri("/docs/").to_request()).await;
        assert_eq!(response.status(), 308);
        let location = response.headers().get(LOCATION).expect("a location");
        let asked = Url::parse("https://x.example/auth/docs/").expect("a URL");
        let target = asked.join(location.to_str().expect("ASCII")).expect("a URL");
        assert_eq!(target.as_str(), "https://x.example/auth/docs");
    }
}
