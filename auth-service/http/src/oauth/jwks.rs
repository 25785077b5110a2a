//! `GET /.well-known/jwks.json`: the public keys (RFC 7517), from memory.

use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, IF_NONE_MATCH,
};
use actix_web::{HttpRequest, HttpResponse, web};
use signet_contract::jwks::{JWKS_MEDIA_TYPE, KeySet};

use auth_app::AppState;

/// The time that a cache may serve the set while the issuer can't be reached, in seconds.
const STALE_IF_ERROR: u32 = 86_400;

/// The keys that verify this issuer's tokens, now or soon.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", tag = "Discovery", operation_id = "getKeySet",
    responses(
        (status = 200, description = "The key set.", body = KeySet, content_type = "application/jwk-set+json"),
        (status = 304, description = "The set that `If-None-Match` names is still the current one."),
    )
)]
pub(crate) async fn key_set(request: HttpRequest, app: web::Data<AppState>) -> HttpResponse {
    let (set, max_age) = app.key_set();
    let unchanged = matches(request.headers(), &set.etag);
    let mut response = if unchanged { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((
            CACHE_CONTROL,
            format!("public, max-age={max_age}, stale-if-error={STALE_IF_ERROR}"),
        ))
        .insert_header((ETAG, set.etag.as_str()))
        // The keys are public, and verifiers in browsers fetch them.
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"));
    if unchanged {
        return response.finish();
    }
    response.insert_header((CONTENT_TYPE, JWKS_MEDIA_TYPE)).body(set.json.to_vec())
}

/// Returns true if `If-None-Match` names this tag, by the weak comparison (RFC 9110 §13.1.2).
fn matches(headers: &HeaderMap, etag: &str) -> bool {
    headers
        .get_all(IF_NONE_MATCH)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn weak_tags_lists_and_a_star_match() {
        for (value, expected) in [
            ("\"a\"", true),
            ("W/\"a\"", true),
            ("\"b\", W/\"a\"", true),
            ("*", true),
            ("\"b\"", false),
            ("a", false),
            ("\"A\"", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, HeaderValue::from_static(value));
            assert_eq!(matches(&headers, "\"a\""), expected, "{value}");
        }
        assert!(!matches(&HeaderMap::new(), "\"a\""));
    }
}
