//! Multipart forms (RFC 7578).

use actix_multipart::Multipart;
use actix_web::error::PayloadError;
use actix_web::http::header::HeaderMap;
use actix_web::web::Bytes;
use futures_util::{StreamExt as _, stream};
use zeroize::Zeroizing;

use super::BodyError;
use super::bytes::MOST_BYTES;
use super::fields::{Fields, Value};

pub(super) async fn fields(headers: &HeaderMap, body: &[u8]) -> Result<Fields, BodyError> {
    let body = Bytes::copy_from_slice(body);
    let mut parts = Multipart::new(headers, stream::iter([Ok::<_, PayloadError>(body)]));
    let mut fields = Fields::default();
    while let Some(part) = parts.next().await {
        let mut part = part.map_err(|_| BodyError::Malformed)?;
        let name = part.name().ok_or(BodyError::Malformed)?.to_owned();
        let bytes = part.bytes(MOST_BYTES).await;
        let bytes = bytes.map_err(|_| BodyError::TooLarge)?.map_err(|_| BodyError::Malformed)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| BodyError::Malformed)?;
        fields.add(name, Value::Text(Zeroizing::new(text.to_owned())))?;
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{CONTENT_TYPE, HeaderValue};

    use super::*;

    async fn read(body: &str) -> Result<Fields, BodyError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("multipart/form-data; boundary=B"));
        fields(&headers, body.as_bytes()).await
    }

    fn part(name: &str, value: &str) -> String {
        format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    }

    #[actix_web::test]
    async fn parts_are_fields() {
        let body = part("email", "a@example.org") + &part("password", "one\r\ntwo") + "--B--\r\n";
        let mut fields = read(&body).await.unwrap();
        assert_eq!(fields.take("email").unwrap().as_str(), "a@example.org");
        assert_eq!(fields.take("password").unwrap().as_str(), "one\r\ntwo");
    }

    #[actix_web::test]
    async fn a_part_is_there_once() {
        let body = part("email", "a") + &part("email", "b") + "--B--\r\n";
        assert_eq!(read(&body).await.err(), Some(BodyError::Repeated));
    }

    #[actix_web::test]
    async fn a_form_that_ends_early_or_never_began_is_malformed() {
        for body in ["x", "--B", &part("email", "a"), "--B\r\n\r\nx\r\n--B--\r\n"] {
            assert_eq!(read(body).await.err(), Some(BodyError::Malformed), "{body}");
        }
    }
}
