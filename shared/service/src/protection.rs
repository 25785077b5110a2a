//! The middleware of every listener around its routes. After a panic one request fails and the process
//! continues. Every response has the headers that keep a browser from guessing.

use std::panic::AssertUnwindSafe;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{
    CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::middleware::Next;
use futures_util::FutureExt;

use super::problem_response::ProblemError;

/// The headers of every response that does not set its own.
const HEADERS: [(HeaderName, &str); 4] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (X_FRAME_OPTIONS, "DENY"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
];

/// The middleware, for [`actix_web::middleware::from_fn`].
///
/// # Errors
///
/// A panic in the handler becomes a `500` problem. Only the panic hook logs its message.
pub async fn protect(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let answered = AssertUnwindSafe(next.call(request)).catch_unwind().await;
    with_headers(answered.unwrap_or_else(|_panic| Err(ProblemError::internal().into())), complete)
}

/// Adds headers to a response, also to that of an error.
///
/// # Errors
///
/// The same error, with a response that has the headers.
pub(super) fn with_headers<B>(
    answered: Result<ServiceResponse<B>, Error>,
    add: impl FnOnce(&mut HeaderMap),
) -> Result<ServiceResponse<B>, Error> {
    match answered {
        Ok(mut response) => {
            add(response.headers_mut());
            Ok(response)
        }
        Err(error) => {
            let mut response = error.error_response();
            add(response.headers_mut());
            Err(InternalError::from_response(error, response).into())
        }
    }
}

fn complete(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;
    use actix_web::test::{
        TestRequest, call_and_read_body, call_service, init_service, try_call_service,
    };
    use actix_web::{App, HttpResponse, middleware, web};

    use super::*;

    async fn failing() -> HttpResponse {
        panic!("with a secret")
    }

    #[actix_web::test]
    async fn panic_answers_500_without_details() {
        let app = App::new()
            .wrap(middleware::from_fn(protect))
            .route("/panic", web::get().to(failing))
            .route("/fine", web::get().to(HttpResponse::Ok));
        let app = init_service(app).await;
        let request = TestRequest::with_uri("/panic").to_request();
        let error = try_call_service(&app, request).await.err().expect("an error");
        let response = error.error_response();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in HEADERS {
            assert_eq!(
                response.headers().get(name).map(HeaderValue::as_bytes),
                Some(value.as_bytes())
            );
        }
        let body = actix_web::body::to_bytes(response.into_body()).await.expect("a body");
        assert!(!String::from_utf8_lossy(&body).contains("secret"));
        let body = call_and_read_body(&app, TestRequest::with_uri("/fine").to_request()).await;
        assert!(body.is_empty());
    }

    #[actix_web::test]
    async fn an_answer_keeps_the_headers_that_it_set() {
        let page =
            async || HttpResponse::Ok().insert_header((CONTENT_SECURITY_POLICY, "own")).finish();
        let app = App::new().wrap(middleware::from_fn(protect)).default_service(web::to(page));
        let app = init_service(app).await;
        let response = call_service(&app, TestRequest::default().to_request()).await;
        let headers = response.headers();
        assert_eq!(
            headers.get(CONTENT_SECURITY_POLICY).map(HeaderValue::as_bytes),
            Some(&b"own"[..])
        );
        assert_eq!(
            headers.get(X_CONTENT_TYPE_OPTIONS).map(HeaderValue::as_bytes),
            Some(&b"nosniff"[..])
        );
    }
}
