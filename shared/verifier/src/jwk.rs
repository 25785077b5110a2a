//! One public key, parsed once, and the rules for parsing a JSON Web Key.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use serde::Deserialize;
use serde_json::Value;

use super::provider::VerifyingKey;
use signet_contract::jwks::PublicJwk;

/// The bits of a modulus. RS256 does not allow fewer (RFC 7518 §3.3). With more, the check of a
/// signature costs too much.
const MODULUS_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// The least exponent. Smaller ones made padding errors exploitable, and no issuer uses them.
const LEAST_EXPONENT: u32 = 65_537;

/// Members of a private or symmetric key (RFC 7518 §6.3.2, §6.4.1).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The members that are read here and that must be strings if present.
const STRINGS: [&str; 6] = ["kty", "use", "alg", "kid", "n", "e"];

/// The reason for which a JSON Web Key is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum JwkError {
    /// The server of the key publishes a private or symmetric key. Log it as an error.
    #[error("it holds private members, which must never be published")]
    Private,
    /// A member is repeated.
    #[error("it has a member twice")]
    Ambiguous,
    /// It is not a JSON Web Key, not an RSA key, or a member has the wrong type.
    #[error("it is not an RSA key, or a member of it has the wrong type")]
    NotRsa,
    /// Its `use`, `key_ops` or `alg` names another purpose than checking RS256 signatures.
    #[error("it is not for checking RS256 signatures")]
    OtherPurpose,
    /// `n` or `e` is not base64url without padding.
    #[error("its numbers are not base64url")]
    Encoding,
    /// The modulus is too short, too long or even.
    #[error("its modulus is not an odd number of 2048 to 4096 bits")]
    Modulus,
    /// The exponent is below 65537, above 32 bits, or even.
    #[error("its exponent is not an odd number from 65537 to 2^32 - 1")]
    Exponent,
    /// Its `kid` is not its RFC 7638 SHA-256 thumbprint.
    #[error("its `kid` is not its thumbprint")]
    WrongKid,
    /// Another key of the set has the same `kid`.
    #[error("its `kid` is given to more than one key")]
    SharedKid,
}

/// An RSA public key that checks RS256 signatures. A clone only increments a counter.
#[derive(Clone)]
pub struct PublicKey {
    inner: Arc<Inner>,
}

struct Inner {
    jwk: PublicJwk,
    key: VerifyingKey,
}

impl PublicKey {
    /// Creates the key of a JSON Web Key, if it may check RS256 signatures. Members that RFC 7517
    /// does not define are ignored. A `kid`, if present, must be the thumbprint.
    pub fn from_jwk(jwk: &Value) -> Result<Self, JwkError> {
        if PRIVATE_MEMBERS.iter().any(|name| jwk.get(name).is_some()) {
            return Err(JwkError::Private);
        }
        // The derived reader of an enum also takes `{"RS256":null}`; that of an `Option`, null.
        if STRINGS.iter().any(|name| jwk.get(name).is_some_and(|value| !value.is_string())) {
            return Err(JwkError::NotRsa);
        }
        let jwk = Jwk::deserialize(jwk).map_err(|_| JwkError::NotRsa)?;
        let AlgorithmParameters::RSA(numbers) = &jwk.algorithm else {
            return Err(JwkError::NotRsa);
        };
        let common = &jwk.common;
        let signs = common.public_key_use.as_ref().is_none_or(|u| *u == PublicKeyUse::Signature);
        let verifies =
            common.key_operations.as_ref().is_none_or(|ops| ops.contains(&KeyOperations::Verify));
        let rs256 = common.key_algorithm.is_none_or(|alg| alg == KeyAlgorithm::RS256);
        if !(signs && verifies && rs256) {
            return Err(JwkError::OtherPurpose);
        }
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| JwkError::Encoding);
        let key = Self::from_components(&decode(&numbers.n)?, &decode(&numbers.e)?)?;
        match &common.key_id {
            Some(kid) if kid != key.kid() => Err(JwkError::WrongKid),
            _ => Ok(key),
        }
    }

    /// Creates the key from a modulus and an exponent, both big-endian. Leading zero bytes are
    /// removed, so that a key has one thumbprint in every spelling.
    pub fn from_components(modulus: &[u8], exponent: &[u8]) -> Result<Self, JwkError> {
        let n = without_leading_zeros(modulus);
        let e = without_leading_zeros(exponent);
        if !MODULUS_BITS.contains(&bits(n)) || !is_odd(n) {
            return Err(JwkError::Modulus);
        }
        let exponent = e.iter().try_fold(0_u32, |number, byte| {
            Some(number.checked_mul(256)?.wrapping_add(u32::from(*byte)))
        });
        if !exponent.is_some_and(|e| e >= LEAST_EXPONENT && e % 2 == 1) {
            return Err(JwkError::Exponent);
        }
        let key = VerifyingKey::from_components(n, e).map_err(|_| JwkError::Modulus)?;
        let (n, e) = (URL_SAFE_NO_PAD.encode(n), URL_SAFE_NO_PAD.encode(e));
        let jwk = PublicJwk::rs256(thumbprint(&n, &e), n, e);
        Ok(Self { inner: Arc::new(Inner { jwk, key }) })
    }

    /// Returns the RFC 7638 SHA-256 thumbprint.
    pub fn kid(&self) -> &str {
        &self.inner.jwk.kid
    }

    /// Returns the published form of the key.
    pub fn to_jwk(&self) -> PublicJwk {
        self.inner.jwk.clone()
    }

    /// Returns true if `signature` is this key's RSASSA-PKCS1-v1_5 SHA-256 signature of `message`
    /// (RFC 8017 §8.2.2).
    pub(super) fn signed(&self, message: &str, signature: &Vec<u8>) -> bool {
        // A signature is as long as the modulus, which has 4 characters for 3 bytes here. The library
        // checks this, too.
        let modulus_bytes = self.inner.jwk.n.len() * 3 / 4;
        signature.len() == modulus_bytes && self.inner.key.signed(message, signature)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("PublicKey").field(&self.kid()).finish()
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.inner.jwk == other.inner.jwk
    }
}

impl Eq for PublicKey {}

/// Returns the SHA-256 thumbprint of an RSA key (RFC 7638 §3). The modulus and the exponent are in
/// the form of a JWK: base64url, without padding, without leading zero bytes.
pub fn thumbprint(n: &str, e: &str) -> String {
    let canonical = format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#);
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, canonical.as_bytes()))
}

fn without_leading_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

/// Returns the length in bits of a number without leading zero bytes.
fn bits(number: &[u8]) -> usize {
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|last| last % 2 == 1)
}
