//! Metadata at a well-known path (RFC 8615) of a service with an address that may have a path.

use actix_web::guard::fn_guard;
use actix_web::{FromRequest, Handler, Responder, web};
use url::Url;

use super::cors::{Pages, allow};
use super::resource::{READING, read};

/// The end of the template of a route that is at a path and at all paths below it. Metrics count both
/// under the path.
pub const BEHIND: &str = "/{behind:.*}";

/// Adds the metadata at `path`. If the `address` of the service has a path, adds it also at `path`
/// followed by that one: clients put `path` between host and path (RFC 8414 §3.1, RFC 9728 §3.1).
/// `pages` may read it.
pub fn metadata<F, Args>(
    path: &str,
    address: &str,
    pages: Pages<'_>,
    handler: F,
) -> impl FnOnce(&mut web::ServiceConfig) + use<F, Args>
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let at_root = allow(pages, &READING, read(path, handler.clone()));
    let behind = behind(path, address).map(|behind| {
        // The path is compared as it came: the router would decode it, and read braces as a pattern.
        let asked = fn_guard(move |context| context.head().uri.path() == behind);
        let behind = read(&format!("{path}{BEHIND}"), handler).guard(asked);
        allow(pages, &READING, behind)
    });
    move |config| {
        config.service(at_root);
        if let Some(behind) = behind {
            config.service(behind);
        }
    }
}

/// Returns the well-known path followed by the path of `address`, `None` if `address` has no path.
fn behind(path: &str, address: &str) -> Option<String> {
    let address = Url::parse(address).ok()?;
    let own = address.path().trim_end_matches('/');
    (!own.is_empty()).then(|| format!("{path}{own}"))
}

#[cfg(test)]
mod tests {
    use actix_web::App;
    use actix_web::test::{TestRequest, call_service, init_service};

    use super::*;

    async fn status(address: &str, asked: &str) -> u16 {
        let routes = metadata("/.well-known/some", address, Pages::Every, async || "metadata");
        let app = init_service(App::new().configure(routes)).await;
        let asked = TestRequest::with_uri(&format!("/.well-known/{asked}")).to_request();
        call_service(&app, asked).await.status().as_u16()
    }

    #[actix_web::test]
    async fn path_of_the_service_follows_the_well_known_path() {
        for (address, behind) in [
            ("http://localhost:8001", ""),
            ("https://example.org/", ""),
            ("https://example.org/a/b", "/a/b"),
            ("https://example.org/a/", "/a"),
            ("https://example.org/%C3%A9%20b", "/%C3%A9%20b"),
            ("https://example.org/a+b%2Fc", "/a+b%2Fc"),
            ("https://example.org/{x}", "/%7Bx%7D"),
        ] {
            assert_eq!(status(address, "some").await, 200, "{address}");
            assert_eq!(status(address, &format!("some{behind}")).await, 200, "{address}");
            assert_eq!(status(address, &format!("some{behind}/other")).await, 404, "{address}");
            assert_eq!(status(address, "some/other").await, 404, "{address}");
        }
    }
}
