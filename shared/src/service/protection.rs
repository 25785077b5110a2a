//! What wraps every request of every listener: a panic costs one answer, never the process, and
//! no answer leaves without the headers that keep a browser from guessing.

use std::panic::AssertUnwindSafe;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use actix_web::middleware::Next;
use futures_util::FutureExt;

use super::problem_response::ProblemError;

/// Headers of every answer that does not set its own.
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
/// A panic below becomes a `500` problem; its message goes to the log by the panic hook alone.
pub async fn protect(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let mut response = match AssertUnwindSafe(next.call(request)).catch_unwind().await {
        Ok(answered) => answered?,
        Err(_panic) => return Err(ProblemError::internal().into()),
    };
    for (name, value) in HEADERS {
        if !response.headers().contains_key(&name) {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
    }
    Ok(response)
}
