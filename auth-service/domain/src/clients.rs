//! Clients: services that authenticate with a secret and get tokens for themselves
//! (RFC 6749 §4.4).

use std::collections::HashSet;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use zeroize::Zeroizing;

/// A registered client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The client's id. It never has the form of a user's id and is never a reserved one.
    pub client_id: String,
    /// The scopes that its tokens may hold.
    pub scopes: Vec<String>,
    /// The audiences, beside the issuer, for which it may get tokens.
    pub audiences: Vec<String>,
    /// SHA-256 of the secret. The secret holds 256 random bits, so a plain hash is enough.
    pub secret_hash: [u8; 32],
    /// The time of registration.
    pub created_at: OffsetDateTime,
    /// The time at which it got this secret.
    pub secret_at: OffsetDateTime,
    /// The previous secret, if it was left good for a while.
    pub previous: Option<PreviousSecret>,
}

/// A secret that was replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviousSecret {
    /// The SHA-256 hash of the secret.
    pub hash: [u8; 32],
    /// The time until which it is good.
    pub until: OffsetDateTime,
}

/// The default time for which the previous secret stays good.
pub const USUAL_OVERLAP: Duration = Duration::from_hours(24);

/// The longest time for which it may stay good: a secret that never ends is never rotated.
pub const LONGEST_OVERLAP: Duration = Duration::from_hours(7 * 24);

impl Client {
    /// Creates a client that is registered `now`, without audiences.
    pub fn new(
        client_id: &str,
        scopes: Vec<String>,
        secret_hash: [u8; 32],
        now: OffsetDateTime,
    ) -> Self {
        Self {
            client_id: client_id.to_owned(),
            scopes,
            audiences: Vec::new(),
            secret_hash,
            created_at: now,
            secret_at: now,
            previous: None,
        }
    }

    /// Returns the previous secret, if it is good `now`.
    pub fn good_previous(&self, now: OffsetDateTime) -> Option<&PreviousSecret> {
        self.previous.as_ref().filter(|previous| now < previous.until)
    }
}

/// Makes a client secret: 256 random bits, base64url.
///
/// # Errors
///
/// The system gives no random numbers.
pub fn new_secret() -> Result<Zeroizing<String>, getrandom::Error> {
    let mut bits = Zeroizing::new([0; 32]);
    getrandom::fill(bits.as_mut_slice())?;
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(bits.as_slice())))
}

/// Returns the hash of a secret, as it is stored.
pub fn secret_hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// Parses a blank-separated list of scopes in the characters of RFC 6749 §3.3; keeps each once.
/// Returns `None` if a scope has other characters.
pub fn parse_scopes(list: &str) -> Option<Vec<String>> {
    let mut known = HashSet::new();
    let mut scopes: Vec<String> = Vec::new();
    for scope in list.split_ascii_whitespace() {
        let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
        if !scope.bytes().all(allowed) {
            return None;
        }
        if known.insert(scope) {
            scopes.push(scope.to_owned());
        }
    }
    Some(scopes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_unique_and_have_256_bits() {
        let (one, other) = (new_secret().expect("random"), new_secret().expect("random"));
        assert_ne!(*one, *other);
        assert_eq!(URL_SAFE_NO_PAD.decode(one.as_bytes()).expect("base64url").len(), 32);
    }

    #[test]
    fn scopes_are_parsed_once_each() {
        let scopes = parse_scopes("  a:b c a:b ").expect("scopes");
        assert_eq!(scopes, ["a:b", "c"]);
        assert_eq!(parse_scopes("a\"b"), None);
    }
}
