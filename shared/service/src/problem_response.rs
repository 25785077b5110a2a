//! [`Problem`]s as actix responses: all errors of the routes that are not OAuth routes.

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, ResponseError};

use signet_contract::problem::{PROBLEM_MEDIA_TYPE, Problem};

/// A problem that is sent to the client.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{status}: {detail}", status = .problem.status, detail = .problem.detail)]
pub struct ProblemError {
    /// The body.
    pub problem: Problem,
    /// Whole seconds after which the client may try again. Set for all `429` and `503`.
    pub retry_after: Option<u32>,
}

impl ProblemError {
    /// Creates a problem with this `status` and a text for the client.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        Self { problem: Problem::new(status.as_u16(), title, detail), retry_after: None }
    }

    /// Creates a problem that the client may try again after `seconds`.
    pub fn retry_after(status: StatusCode, detail: impl Into<String>, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..Self::new(status, detail) }
    }

    /// Creates a `422` with the errors of each field.
    pub fn fields<'a>(errors: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        let mut error = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "A field has a value that it can't have; `errors` says which and why.",
        );
        for (field, why) in errors {
            error.problem.errors.entry(field.to_owned()).or_default().push(why);
        }
        error
    }

    /// Creates the problem of an error that is not the client's. The cause is only logged.
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Something went wrong on this side; it has been logged.",
        )
    }
}

impl ResponseError for ProblemError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let Some(seconds) = self.retry_after {
            response.insert_header((RETRY_AFTER, seconds));
        }
        let mut response = response.json(&self.problem);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_MEDIA_TYPE));
        response
    }
}

/// Returns the response for a path that does not exist.
pub async fn not_found() -> HttpResponse {
    ProblemError::new(StatusCode::NOT_FOUND, "There is nothing at this address.").error_response()
}

/// Returns the response for a method that the path does not support. `allow` lists the supported
/// methods (RFC 9110 §15.5.6).
pub fn method_not_allowed(request: &HttpRequest, allow: &'static str) -> HttpResponse {
    let mut response = ProblemError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("{} takes {allow}.", request.path()),
    )
    .error_response();
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    response
}
