//! What a body claims to be.

use actix_web::http::header::{CONTENT_TYPE, HeaderMap};

use super::BodyError;

/// A media type that some route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MediaType {
    Json,
    Form,
    Multipart,
}

/// The type that the headers name, once and in UTF-8.
pub(super) fn of(headers: &HeaderMap) -> Result<MediaType, BodyError> {
    let mut values = headers.get_all(CONTENT_TYPE);
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(BodyError::MediaType);
    };
    let value = value.to_str().map_err(|_| BodyError::MediaType)?;
    let mut parts = value.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let media_type = match essence.as_str() {
        "application/json" => MediaType::Json,
        "application/x-www-form-urlencoded" => MediaType::Form,
        "multipart/form-data" => MediaType::Multipart,
        _ => return Err(BodyError::MediaType),
    };
    let charset = parts.filter_map(|part| part.split_once('=')).find_map(|(name, value)| {
        name.trim_end().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    });
    match charset {
        Some(name) if !["utf-8", "utf8", "us-ascii"].contains(&&*name.to_ascii_lowercase()) => {
            Err(BodyError::MediaType)
        }
        _ => Ok(media_type),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn of_text(text: &'static str) -> Result<MediaType, BodyError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(text));
        of(&headers)
    }

    #[test]
    fn three_types_are_taken_in_any_case_and_in_utf_8() {
        assert_eq!(of_text("Application/JSON; Charset=\"UTF-8\""), Ok(MediaType::Json));
        assert_eq!(of_text("application/x-www-form-urlencoded;charset=utf-8"), Ok(MediaType::Form));
        assert_eq!(of_text("multipart/form-data; boundary=x"), Ok(MediaType::Multipart));
        for other in [
            "",
            "text/plain",
            "application/jsonp",
            "application/json, text/html",
            "json",
            "application/json; charset=utf-16",
            "application/xml",
            "application/vnd.x+json",
        ] {
            assert_eq!(of_text(other), Err(BodyError::MediaType), "{other}");
        }
        assert_eq!(of(&HeaderMap::new()), Err(BodyError::MediaType));
    }
}
