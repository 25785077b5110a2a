//! Answers that caches must not store, and the format of times.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ContentType};
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Formats a time (RFC 3339, UTC).
pub(crate) fn time(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

/// Begins an answer that caches must not store.
pub(crate) fn uncached(status: StatusCode) -> HttpResponseBuilder {
    let mut answer = HttpResponse::build(status);
    answer.insert_header((CACHE_CONTROL, "no-store"));
    answer
}

/// Returns an answer with a JSON body.
pub(crate) fn json(status: StatusCode, body: impl Serialize) -> HttpResponse {
    uncached(status).json(body)
}

/// Returns a plain-text answer.
pub(crate) fn text(status: StatusCode, words: &'static str) -> HttpResponse {
    uncached(status).insert_header(ContentType::plaintext()).body(words)
}

/// Returns `204`.
pub(crate) fn done() -> HttpResponse {
    uncached(StatusCode::NO_CONTENT).finish()
}
