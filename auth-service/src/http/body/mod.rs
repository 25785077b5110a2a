//! A request's body: bounded in size and time, and read in one way for every route.
//!
//! JSON, url-encoded and multipart forms all become [`Fields`]. Nothing is ever taken from a
//! second field of the same name: two readers of one request must not see different values
//! (CVE-2017-12635).

mod bytes;
mod error;
mod fields;
pub(super) mod form;
mod json;
mod media_type;
mod multipart;

use actix_web::{HttpRequest, web};

pub(super) use error::BodyError;
pub(super) use fields::{Fields, WrongType};
use media_type::MediaType;

/// Reads a form or a JSON object. An empty body has no fields, whatever type it claims to have.
pub(super) async fn fields(
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<Fields, BodyError> {
    let body = bytes::read(request, payload).await?;
    if body.is_empty() {
        return Ok(Fields::default());
    }
    match media_type::of(request.headers())? {
        MediaType::Json => json::fields(&body),
        MediaType::Form => form::fields(&body),
        MediaType::Multipart => multipart::fields(request.headers(), &body).await,
    }
}

/// Reads a JSON object, where a form could not say it.
pub(super) async fn json_only(
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<Fields, BodyError> {
    let body = bytes::read(request, payload).await?;
    if body.is_empty() {
        return Ok(Fields::default());
    }
    match media_type::of(request.headers())? {
        MediaType::Json => json::fields(&body),
        _ => Err(BodyError::MediaType),
    }
}

/// Reads a url-encoded form, the only one that OAuth knows (RFC 6749 §3.2).
pub(super) async fn form_only(
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<Fields, BodyError> {
    let body = bytes::read(request, payload).await?;
    if body.is_empty() {
        return Ok(Fields::default());
    }
    match media_type::of(request.headers())? {
        MediaType::Form => form::fields(&body),
        _ => Err(BodyError::MediaType),
    }
}
