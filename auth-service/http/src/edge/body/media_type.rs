//! The media type of a body. Only the boundary of a multipart form is a parameter that counts: all
//! bodies are UTF-8, and clients name other charsets by default.

use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

use super::BodyError;

/// A media type that a route takes.
#[derive(Debug, PartialEq)]
pub(crate) enum MediaType {
    Json,
    Form,
    Multipart,
}

/// The media types of a route that takes a form or JSON.
pub(crate) const ANY: &[MediaType] = &[MediaType::Json, MediaType::Form, MediaType::Multipart];

/// The media type of a route with a body that a form can't express.
pub(crate) const JSON: &[MediaType] = &[MediaType::Json];

/// The media type of the OAuth routes (RFC 6749 §3.2).
pub(crate) const FORM: &[MediaType] = &[MediaType::Form];

impl MediaType {
    /// Returns the media type, if the headers name it once.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(CONTENT_TYPE);
        let value = values.next().filter(|_| values.next().is_none())?;
        let essence = value.as_bytes().split(|byte| *byte == b';').next()?;
        match &*essence.trim_ascii().to_ascii_lowercase() {
            b"application/json" => Some(Self::Json),
            b"application/x-www-form-urlencoded" => Some(Self::Form),
            b"multipart/form-data" => Some(Self::Multipart),
            _ => None,
        }
    }
}

/// Returns the headers of a multipart form with no other parameter than the boundary. The multipart
/// reader refuses a parameter that it can't parse.
///
/// # Errors
///
/// [`BodyError::Malformed`] without a boundary.
pub(super) fn multipart_headers(headers: &HeaderMap) -> Result<HeaderMap, BodyError> {
    let boundary = headers.get(CONTENT_TYPE).and_then(|value| boundary(value.as_bytes()));
    let boundary = boundary.ok_or(BodyError::Malformed)?;
    let plain = [&b"multipart/form-data; boundary=\""[..], boundary, b"\""].concat();
    let plain = HeaderValue::from_bytes(&plain).map_err(|_| BodyError::Malformed)?;
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, plain);
    Ok(headers)
}

/// Returns the first parameter `boundary` (RFC 2046 §5.1.1), without its quotes. Some clients leave
/// out the quotes that a character such as `=` requires.
fn boundary(content_type: &[u8]) -> Option<&[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    let mut parameters = content_type.split(|byte| {
        let ends = *byte == b';' && !quoted;
        quoted ^= *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && quoted && !escaped;
        ends
    });
    let value = parameters.find_map(|parameter| {
        let equals = parameter.iter().position(|byte| *byte == b'=')?;
        let (name, value) =
            (parameter[..equals].trim_ascii(), parameter[equals + 1..].trim_ascii());
        name.eq_ignore_ascii_case(b"boundary").then_some(value)
    })?;
    let text = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
    let boundary = text.unwrap_or(value);
    (!boundary.is_empty() && !boundary.iter().any(|byte| b"\"\\".contains(byte)))
        .then_some(boundary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boundary_is_found_among_other_parameters() {
        for (content_type, expected) in [
            ("multipart/form-data; boundary=B", Some("B")),
            ("multipart/form-data;BOUNDARY = \"B\" ;", Some("B")),
            ("multipart/form-data; charset; boundary=B; charset=", Some("B")),
            ("multipart/form-data; x=\"; boundary=C\"; boundary=B", Some("B")),
            ("multipart/form-data; x=\"\\\"; boundary=C\"; boundary=B", Some("B")),
            ("multipart/form-data; x=\"\\\\\"; boundary=B", Some("B")),
            ("multipart/form-data; x=\u{e9}; boundary=B", Some("B")),
            ("multipart/form-data; boundary=B; boundary=C", Some("B")),
            ("multipart/form-data; boundary=----=_Part_0_1.2", Some("----=_Part_0_1.2")),
            ("multipart/form-data; boundary=\"a b;c\"", Some("a b;c")),
            ("multipart/form-data", None),
            ("multipart/form-data; boundary", None),
            ("multipart/form-data; boundary=", None),
            ("multipart/form-data; boundary=\"\"", None),
            ("multipart/form-data; boundary=\"B", None),
            ("multipart/form-data; boundary=\"a\\b\"", None),
            ("multipart/form-data; x=\"; boundary=B", None),
        ] {
            let found = boundary(content_type.as_bytes());
            assert_eq!(found, expected.map(str::as_bytes), "{content_type}");
        }
    }
}
