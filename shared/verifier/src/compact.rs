//! The compact serialisation (RFC 7515 §7.1), read so that a token has only one spelling.
//!
//! A reader that accepts padding, spaces or stray bits gives every token many spellings. Each of
//! them bypasses lists and caches that use the text as the key.

use std::ops::RangeInclusive;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Reason;

/// The longest accepted token, in bytes. Signet's own tokens stay below 2 KiB. The rest is for
/// claims that a deployment adds.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// The lengths of signatures of RSA keys from 2048 to 4096 bits, in bytes. A signature is as long
/// as the modulus (RFC 8017 §8.2.2).
const SIGNATURE_BYTES: RangeInclusive<usize> = 256..=512;

/// The decoded parts of a token.
pub(super) struct Compact<'t> {
    /// The JSON text of the JOSE header.
    pub(super) header: Vec<u8>,
    /// The JSON text of the claims.
    pub(super) payload: Vec<u8>,
    /// The first two parts as received. The signature covers them.
    pub(super) signed: &'t str,
    /// The signature.
    pub(super) signature: Vec<u8>,
}

/// Splits and decodes a token. Every error is [`Reason::Malformed`].
pub(super) fn split(token: &str) -> Result<Compact<'_>, Reason> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(Reason::Malformed);
    }
    let mut dots = memchr::memchr_iter(b'.', token.as_bytes());
    let (Some(first), Some(second), None) = (dots.next(), dots.next(), dots.next()) else {
        return Err(Reason::Malformed);
    };
    let (signed, signature) = (&token[..second], &token[second + 1..]);
    let (header, payload) = (&token[..first], &token[first + 1..second]);
    let signature = base64url(signature)?;
    if !SIGNATURE_BYTES.contains(&signature.len()) {
        return Err(Reason::Malformed);
    }
    Ok(Compact { header: base64url(header)?, payload: base64url(payload)?, signed, signature })
}

/// Decodes base64url without padding. Refuses spaces, other alphabets and non-zero trailing bits
/// (RFC 4648 §3.5, §5).
pub(super) fn base64url(text: &str) -> Result<Vec<u8>, Reason> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Reason::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, payload: &str, signature_bytes: usize) -> String {
        format!("{header}.{payload}.{}", URL_SAFE_NO_PAD.encode(vec![7; signature_bytes]))
    }

    #[test]
    fn three_parts_are_split_and_decoded() {
        let token = token("e30", "e30", 256);
        let parts = split(&token).expect("a token");
        assert_eq!((parts.header.as_slice(), parts.signed), (&b"{}"[..], "e30.e30"));
        assert_eq!(parts.signature, [7; 256]);
    }

    #[test]
    fn a_token_past_the_limit_is_refused_and_one_at_it_is_not() {
        let rest = token("AAAA", "", 256).len();
        let payload = "A".repeat(MAX_TOKEN_BYTES - rest);
        assert_eq!(payload.len() % 4, 0, "else the length itself would be refused");
        assert!(split(&token("AAAA", &payload, 256)).is_ok());
        assert!(split(&token("AAAA", &format!("{payload}AAAA"), 256)).is_err());
    }

    #[test]
    fn signature_of_an_impossible_length_is_refused() {
        for bytes in [256, 384, 512] {
            assert!(split(&token("e30", "e30", bytes)).is_ok(), "{bytes}");
        }
        for bytes in [0, 32, 255, 513] {
            assert!(split(&token("e30", "e30", bytes)).is_err(), "{bytes}");
        }
    }
}
