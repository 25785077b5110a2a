//! Read-only resources: GET, HEAD for every GET (RFC 9110 §9.1), and a `405` for other methods.

use actix_web::http::Method;
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder, web};

use super::problem_response::method_not_allowed;

/// The methods of a read-only resource.
pub const READING: [Method; 2] = [Method::GET, Method::HEAD];

/// Creates the resource at `path` with `handler` for reading. A HEAD gets the same head, and the
/// connection leaves out the body.
pub fn read<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(web::to(refuse))
}

async fn refuse(request: HttpRequest) -> HttpResponse {
    method_not_allowed(&request, "GET, HEAD")
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{ALLOW, HeaderValue};
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App, web};

    use super::*;
    use crate::problem_response::not_found;

    #[actix_web::test]
    async fn readable_resource_accepts_get_and_head_only() {
        let app =
            App::new().service(read("/here", async || "here")).default_service(web::to(not_found));
        let app = init_service(app).await;
        for (method, path, status) in [
            (Method::GET, "/here", 200),
            (Method::HEAD, "/here", 200),
            (Method::POST, "/here", 405),
            (Method::TRACE, "/here", 405),
            (Method::OPTIONS, "/here", 405),
            (Method::GET, "/there", 404),
            (Method::TRACE, "/there", 404),
        ] {
            let request = TestRequest::with_uri(path).method(method.clone()).to_request();
            let response = call_service(&app, request).await;
            assert_eq!(response.status(), status, "{method} {path}");
            let allow = response.headers().get(ALLOW).map(HeaderValue::as_bytes);
            assert_eq!(allow, (status == 405).then_some(b"GET, HEAD".as_slice()));
        }
    }
}
