//! Where a request carries its token: `x-access-token` or `Authorization: Bearer`, and nowhere
//! else (RFC 9700 §4.3.2 rules out the query, and no route needs the body).

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

use super::{Reason, Refusal};
use crate::contract::bearer::ACCESS_TOKEN_HEADER;

/// The token that a request presents.
///
/// Both headers may carry it if they agree; either of them twice is [`Refusal::Ambiguous`], the
/// same content or not (RFC 6750 §2). An empty value and any scheme but `Bearer` count as no
/// token.
pub fn presented(headers: &HeaderMap) -> Result<&str, Refusal> {
    let older = once(headers, &HeaderName::from_static(ACCESS_TOKEN_HEADER))?;
    let authorization = once(headers, &AUTHORIZATION)?;
    let older = older.map(text).transpose()?.filter(|token| !token.is_empty());
    let bearer = authorization.and_then(bearer).map(text).transpose()?;
    match (older, bearer) {
        (Some(older), Some(bearer)) if older != bearer => Err(Refusal::Ambiguous),
        (Some(token), _) | (None, Some(token)) => Ok(token),
        (None, None) => Err(Refusal::Missing),
    }
}

fn once<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h [u8]>, Refusal> {
    let mut values = headers.get_all(name);
    let first = values.next().map(HeaderValue::as_bytes);
    if values.next().is_some() { Err(Refusal::Ambiguous) } else { Ok(first) }
}

/// What follows the scheme `Bearer`, in any case, and its blanks (RFC 9110 §11.4).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    const SCHEME: &[u8] = b"bearer";
    let (scheme, rest) = value.split_at_checked(SCHEME.len())?;
    if !scheme.eq_ignore_ascii_case(SCHEME) || rest.first() != Some(&b' ') {
        return None;
    }
    let blanks = rest.iter().take_while(|byte| **byte == b' ').count();
    Some(&rest[blanks..]).filter(|token| !token.is_empty())
}

/// A token is ASCII; bytes of anything else are a token that is not good, rather than none.
fn text(value: &[u8]) -> Result<&str, Refusal> {
    std::str::from_utf8(value).map_err(|_| Refusal::Invalid(Reason::Malformed))
}
