//! `GET /openapi.json` and `GET /docs`: the API description, and a page that shows it. The binary
//! contains the assets of the page, so the page loads nothing from other hosts.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use actix_web::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, web};
use utoipa_swagger_ui::Config;

use super::cors::{Pages, allow};
use super::problem_response::not_found;
use super::resource::{READING, read};

/// The policy of the page: scripts and styles from this host, and calls to the described service.
/// Swagger UI sets style attributes and shows `data:` images.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

const PAGE: &str = include_str!("docs_page.html");

const START: &str = "window.onload = () => { window.ui = SwaggerUIBundle({ \
    url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true, validatorUrl: null, \
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
pub fn routes(openapi: Bytes, origins: Vec<String>) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        let document = read("/openapi.json", document);
        config
            .app_data(web::Data::new(Document(openapi)))
            .service(allow(Pages::Of(&origins), &READING, document))
            .service(read("/docs", page))
            .service(read("/docs/{asset}", asset));
    }
}

/// The API description, shared by all responses.
struct Document(Bytes);

async fn document(openapi: web::Data<Document>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(openapi.0.clone())
}

async fn page() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .body(PAGE)
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

    use super::*;

    #[actix_web::test]
    async fn documents_page_loads_only_own_files() {
        let app = init_service(App::new().configure(routes("{}".into(), Vec::new()))).await;
        let get = |path: &str| TestRequest::with_uri(path).to_request();
        let page = call_service(&app, get("/docs")).await;
        assert_eq!(page.headers().get(CONTENT_TYPE).expect("a type"), "text/html; charset=utf-8");
        assert!(page.headers().contains_key(CONTENT_SECURITY_POLICY));
        let page = String::from_utf8(read_body(page).await.to_vec()).expect("UTF-8");
        assert!(!page.contains("://"), "an address of another host: {page}");

        let named: Vec<_> = page
            .split(['"', '\''])
            .filter(|text| text.starts_with('/'))
            .chain(["/openapi.json"])
            .collect();
        assert!(named.len() >= 4, "{named:?}");
        for path in named {
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
}
