//! Reads a request's body, with limits of size and time. Serde reads it into the type that the API
//! description shows.
//!
//! JSON, url-encoded and multipart forms all become [`Members`]. A repeated member is refused: two
//! readers of one request must not see different values (CVE-2017-12635).

mod error;
mod media_type;
mod members;

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::callers::Extracting;
use super::errors::ApiError;
pub(crate) use error::BodyError;
pub(crate) use media_type::{ANY, FORM, JSON, MediaType};
use members::Members;
pub(crate) use members::flag;

/// The most bytes of a body.
const MOST_BYTES: usize = 16 * 1024;

/// The time that a client may take to send a body. On a mobile line 16 KiB take a second or two.
const PATIENCE: Duration = Duration::from_secs(10);

/// The body of a request as a `T`, in any of the media types of [`ANY`].
pub(crate) struct Strict<T>(pub(crate) T);

/// The body of a request as a `T`, in JSON.
pub(crate) struct StrictJson<T>(pub(crate) T);

impl<T: DeserializeOwned + 'static> FromRequest for Strict<T> {
    type Error = ApiError;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        extract(request, payload, ANY, Self)
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for StrictJson<T> {
    type Error = ApiError;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        extract(request, payload, JSON, Self)
    }
}

fn extract<T: DeserializeOwned + 'static, B: 'static>(
    request: &HttpRequest,
    payload: &mut Payload,
    types: &'static [MediaType],
    wrap: fn(T) -> B,
) -> Extracting<B> {
    let request = request.clone();
    let payload = web::Payload::from_request(&request, payload).into_inner();
    Box::pin(async move { Ok(wrap(read(&request, payload, types).await?)) })
}

/// Reads a body of one of these media types. An empty body of any type has no members. Members that
/// `T` does not know have no effect.
pub(crate) async fn read<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: Result<web::Payload, actix_web::Error>,
    types: &[MediaType],
) -> Result<T, BodyError> {
    let payload = payload.map_err(|_| BodyError::Malformed)?;
    let body = bytes(request, payload).await?;
    if body.is_empty() {
        return Members::default().read();
    }
    let media_type = MediaType::of(request.headers()).filter(|found| types.contains(found));
    let members = match media_type.ok_or(BodyError::MediaType)? {
        MediaType::Json => Members::of_json(&body),
        MediaType::Form => Members::of_form(&body),
        MediaType::Multipart => Members::of_multipart(request.headers(), &body).await,
    };
    members?.read()
}

async fn bytes(
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<Zeroizing<Vec<u8>>, BodyError> {
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    // A length that overflows is too large, too. Checked first: an announced body may never come.
    if announced.is_some_and(|length| length.parse().unwrap_or(usize::MAX) > MOST_BYTES) {
        return Err(BodyError::TooLarge);
    }
    let read = timeout(PATIENCE, payload.to_bytes_limited(MOST_BYTES)).await;
    let read = read.map_err(|_| BodyError::TooSlow)?.map_err(|_| BodyError::TooLarge)?;
    let body = Zeroizing::new(Vec::from(read.map_err(|_| BodyError::Malformed)?));
    // A small compressed body can become a large one. Names of codings have no case.
    let plain = request.headers().get_all(CONTENT_ENCODING).all(|encoding| {
        let coding = encoding.as_bytes().trim_ascii();
        coding.is_empty() || coding.eq_ignore_ascii_case(b"identity")
    });
    if plain || body.is_empty() { Ok(body) } else { Err(BodyError::MediaType) }
}
