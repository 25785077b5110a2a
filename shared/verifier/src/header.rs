//! The JOSE header: exactly `alg`, `typ` and `kid` (RFC 9068 §2.1).
//!
//! Every other member is refused, known or not. `crit` and `b64` change the signed content; `jku`,
//! `jwk`, `x5u` and `x5c` offer keys; `zip` and `enc` are for other formats. The issuer makes no
//! token with any of them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header};

use super::Reason;
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

/// The header of a token of the issuer, before and after the `kid`. Its tokens all have it, so most
/// headers need no JSON parser.
const USUAL: (&[u8], &[u8]) = (br#"{"typ":"at+jwt","alg":"RS256","kid":""#, br#""}"#);

/// Returns the `kid` of a header that matches the profile exactly.
pub(super) fn kid(header: &[u8]) -> Result<String, Reason> {
    let usual = header.strip_prefix(USUAL.0).and_then(|rest| rest.strip_suffix(USUAL.1));
    // A thumbprint contains no character with a meaning in JSON.
    let usual = usual.and_then(|kid| str::from_utf8(kid).ok()).filter(|kid| is_thumbprint(kid));
    if let Some(kid) = usual {
        return Ok(kid.to_owned());
    }
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
    kid.len() == THUMBPRINT_CHARACTERS && URL_SAFE_NO_PAD.decode_slice(kid, &mut [0; 33]).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_of_the_issuer_is_the_usual_one() {
        let kid = "L1mI747V2iDlsimyKkUAbJEBwtGxsfPnNRxo3TeE5IU";
        let header = serde_json::to_vec(&access_token_header(kid)).expect("JSON");
        assert_eq!(header, [USUAL.0, kid.as_bytes(), USUAL.1].concat());
    }
}
