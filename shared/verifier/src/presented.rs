//! The token of a request, from `x-access-token` or `Authorization: Bearer` only. RFC 9700 §4.3.2
//! rules out the query, and no route needs the body.

use super::{Reason, Refusal};
use signet_contract::bearer::ACCESS_TOKEN_HEADER;

/// The header fields of a request. The type of a web framework implements the trait, so that the
/// verifier depends on no framework.
pub trait RequestHeaders {
    /// Returns the value of each field with this lower-case name, in the order of the request.
    fn values<'h>(&'h self, name: &'static str) -> impl Iterator<Item = &'h [u8]>;
}

impl RequestHeaders for http::HeaderMap {
    fn values<'h>(&'h self, name: &'static str) -> impl Iterator<Item = &'h [u8]> {
        self.get_all(name).iter().map(http::HeaderValue::as_bytes)
    }
}

/// Returns the token that a request presents.
///
/// Both headers may carry the token if they are equal. A repeated header is [`Refusal::Ambiguous`],
/// even with the same content (RFC 6750 §2). An empty value, or a scheme other than `Bearer`,
/// counts as no token.
pub fn presented(headers: &impl RequestHeaders) -> Result<&str, Refusal> {
    let older = once(headers, ACCESS_TOKEN_HEADER)?;
    let authorization = once(headers, "authorization")?;
    let older = older.map(text).transpose()?.filter(|token| !token.is_empty());
    let bearer = authorization.and_then(bearer).map(text).transpose()?;
    match (older, bearer) {
        (Some(older), Some(bearer)) if older != bearer => Err(Refusal::Ambiguous),
        (Some(token), _) | (None, Some(token)) => Ok(token),
        (None, None) => Err(Refusal::Missing),
    }
}

fn once<'h>(
    headers: &'h impl RequestHeaders,
    name: &'static str,
) -> Result<Option<&'h [u8]>, Refusal> {
    let mut values = headers.values(name);
    let first = values.next();
    if values.next().is_some() { Err(Refusal::Ambiguous) } else { Ok(first) }
}

/// Returns the text after the scheme `Bearer`, in any case, and its spaces (RFC 9110 §11.4).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    const SCHEME: &[u8] = b"bearer";
    let (scheme, rest) = value.split_at_checked(SCHEME.len())?;
    if !scheme.eq_ignore_ascii_case(SCHEME) || rest.first() != Some(&b' ') {
        return None;
    }
    let blanks = rest.iter().take_while(|byte| **byte == b' ').count();
    Some(&rest[blanks..]).filter(|token| !token.is_empty())
}

/// Returns the value as text. Bytes that are not UTF-8 are an invalid token, not a missing one.
fn text(value: &[u8]) -> Result<&str, Refusal> {
    std::str::from_utf8(value).map_err(|_| Refusal::Invalid(Reason::Malformed))
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    /// Returns the result for a request with these fields.
    fn of(fields: &[(&'static str, &str)]) -> Result<String, Refusal> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            let value = HeaderValue::from_bytes(value.as_bytes()).expect("a field value");
            headers.append(HeaderName::from_static(name), value);
        }
        presented(&headers).map(str::to_owned)
    }

    #[test]
    fn either_header_carries_the_token_and_the_scheme_has_no_case() {
        for fields in [
            [("x-access-token", "a.b.c")],
            [("authorization", "Bearer a.b.c")],
            [("authorization", "bearer a.b.c")],
            [("authorization", "BEARER a.b.c")],
            [("authorization", "Bearer   a.b.c")],
        ] {
            assert_eq!(of(&fields).as_deref(), Ok("a.b.c"), "{fields:?}");
        }
    }

    #[test]
    fn header_without_a_token_is_a_missing_token() {
        for fields in [
            &[][..],
            &[("x-access-token", "")],
            &[("authorization", "")],
            &[("authorization", "Bearer")],
            &[("authorization", "Bearer  ")],
            &[("authorization", "Bearera.b.c")],
            &[("authorization", "Bearer\ta.b.c")],
            &[("authorization", "Basic dXNlcjpwYXNzd29yZA==")],
            &[("authorization", "DPoP a.b.c")],
            &[("authorization", "Digest a.b.c")],
            &[("authorization", "a.b.c")],
            &[("authorization", "B\u{e9}arer a.b.c")],
            &[("cookie", "token=a.b.c")],
            &[("proxy-authorization", "Bearer a.b.c")],
            &[("x-access-token", ""), ("authorization", "Basic dXNlcjpwYXNzd29yZA==")],
        ] {
            assert_eq!(of(fields), Err(Refusal::Missing), "{fields:?}");
        }
    }

    #[test]
    fn a_field_without_a_token_does_not_hide_one_with_it() {
        for fields in [
            [("x-access-token", "a.b.c"), ("authorization", "Basic dXNlcjpwYXNzd29yZA==")],
            [("x-access-token", "a.b.c"), ("authorization", "Bearer")],
            [("x-access-token", ""), ("authorization", "Bearer a.b.c")],
            [("x-access-token", "a.b.c"), ("authorization", "Bearer a.b.c")],
        ] {
            assert_eq!(of(&fields).as_deref(), Ok("a.b.c"), "{fields:?}");
        }
    }

    #[test]
    fn two_different_tokens_and_any_field_given_twice_are_ambiguous() {
        for fields in [
            [("x-access-token", "a.b.c"), ("authorization", "Bearer a.b.d")],
            [("x-access-token", "a.b.c"), ("authorization", "Bearer A.b.c")],
            [("x-access-token", "a.b.c"), ("x-access-token", "a.b.c")],
            [("x-access-token", ""), ("x-access-token", "a.b.c")],
            [("authorization", "Bearer a.b.c"), ("authorization", "Bearer a.b.c")],
            [("authorization", "Bearer a.b.c"), ("authorization", "Basic AAAA")],
            [("authorization", "Basic AAAA"), ("authorization", "Basic AAAA")],
        ] {
            assert_eq!(of(&fields), Err(Refusal::Ambiguous), "{fields:?}");
        }
    }

    #[test]
    fn non_text_header_is_an_invalid_token() {
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_bytes(b"a.b.\xff").expect("a field value");
        headers.append(HeaderName::from_static("x-access-token"), value);
        assert_eq!(presented(&headers), Err(Refusal::Invalid(Reason::Malformed)));
    }
}
