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

/// Reads a body of one of these types. An empty one has no fields, whatever type it claims to have.
async fn read(
    request: &HttpRequest,
    payload: web::Payload,
    types: &[MediaType],
) -> Result<Fields, BodyError> {
    let body = bytes::read(request, payload).await?;
    if body.is_empty() {
        return Ok(Fields::default());
    }
    match media_type::of(request.headers())? {
        other if !types.contains(&other) => Err(BodyError::MediaType),
        MediaType::Json => json::fields(&body),
        MediaType::Form => form::fields(&body),
        MediaType::Multipart => multipart::fields(request.headers(), &body).await,
    }
}

/// Reads a form or a JSON object.
pub(super) async fn fields(
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<Fields, BodyError> {
    read(request, payload, &[MediaType::Json, MediaType::Form, MediaType::Multipart]).await
}

/// Reads a JSON object, where a form could not say it.
pub(super) async fn json_only(
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<Fields, BodyError> {
    read(request, payload, &[MediaType::Json]).await
}

/// Reads a url-encoded form, the only one that OAuth knows (RFC 6749 §3.2).
pub(super) async fn form_only(
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<Fields, BodyError> {
    read(request, payload, &[MediaType::Form]).await
}
