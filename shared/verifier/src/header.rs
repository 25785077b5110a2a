//! The JOSE header: exactly `alg`, `typ` and `kid` (RFC 9068 §2.1).
//!
//! Every other member is refused, known or not. `crit` and `b64` change the signed content; `jku`,
//! `jwk`, `x5u` and `x5c` offer keys; `zip` and `enc` are for other formats. The issuer makes no
//! token with any of them.

use jsonwebtoken::{Algorithm, Header};

use super::Reason;
use super::compact::base64url;
use super::json::{Member, unambiguous_object};
use signet_contract::claims::ACCESS_TOKEN_TYPE;

/// The only algorithm (RFC 7518 §3.3), compared exactly: `rs256` is refused.
const ALGORITHM: &str = "RS256";

/// The length of a SHA-256 thumbprint in base64url, in characters.
const THUMBPRINT_CHARACTERS: usize = 43;

/// Returns the header of an access token that this key signs.
pub fn access_token_header(kid: &str) -> Header {
    let mut header = Header::new(Algorithm::RS256);
    header.typ = Some(ACCESS_TOKEN_TYPE.to_owned());
    header.kid = Some(kid.to_owned());
    header
}

/// Returns the `kid` of a header that matches the profile exactly.
pub(super) fn kid(header: &[u8]) -> Result<String, Reason> {
    let members = unambiguous_object(header).ok_or(Reason::Malformed)?;
    let text = |name| members.get(name).and_then(Member::as_str);
    match (text("alg"), text("typ"), text("kid")) {
        (Some(ALGORITHM), Some(typ), Some(kid))
            if members.len() == 3 && is_access_token_type(typ) && is_thumbprint(kid) =>
        {
            Ok(kid.to_owned())
        }
        _ => Err(Reason::Malformed),
    }
}

/// Returns true for `at+jwt`, with or without `application/`, in any case (RFC 9068 §4).
fn is_access_token_type(typ: &str) -> bool {
    const PREFIX: &str = "application/";
    let short = match typ.get(..PREFIX.len()) {
        Some(prefix) if prefix.eq_ignore_ascii_case(PREFIX) => &typ[PREFIX.len()..],
        _ => typ,
    };
    short.eq_ignore_ascii_case(ACCESS_TOKEN_TYPE)
}

/// Returns true if a key could have this `kid`. Other values cause no search for a key.
pub(super) fn is_thumbprint(kid: &str) -> bool {
    kid.len() == THUMBPRINT_CHARACTERS && base64url(kid).is_ok()
}
