//! One public key, parsed once, and the rules by which a JSON Web Key becomes one.

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

/// The bits of a modulus: below, RS256 is not allowed (RFC 7518 §3.3); above, a signature costs
/// too much to check.
const MODULUS_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// Below it lie the exponents that made padding mistakes exploitable; nobody issues them.
const LEAST_EXPONENT: u32 = 65_537;

/// Members of a private or symmetric key (RFC 7518 §6.3.2, §6.4.1).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The members that are read here and are strings where they are given.
const STRINGS: [&str; 6] = ["kty", "use", "alg", "kid", "n", "e"];

/// Why a JSON Web Key is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum JwkError {
    /// Whoever serves it gives away a private or symmetric key: log it as an error.
    #[error("it holds private members, which must never be published")]
    Private,
    /// A member is given twice.
    #[error("it has a member twice")]
    Ambiguous,
    /// It is no JSON Web Key, not an RSA one, or has a member of the wrong type.
    #[error("it is not an RSA key, or a member of it has the wrong type")]
    NotRsa,
    /// Its `use`, `key_ops` or `alg` name another purpose than checking RS256 signatures.
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

/// An RSA public key that checks RS256 signatures. A clone costs a counter.
#[derive(Clone)]
pub struct PublicKey {
    inner: Arc<Inner>,
}

struct Inner {
    jwk: PublicJwk,
    key: VerifyingKey,
}

impl PublicKey {
    /// The key that a JSON Web Key describes, if it may check RS256 signatures. Members that RFC
    /// 7517 does not know are passed over. A `kid`, if there is one, must be the thumbprint.
    pub fn from_jwk(jwk: &Value) -> Result<Self, JwkError> {
        if PRIVATE_MEMBERS.iter().any(|name| jwk.get(name).is_some()) {
            return Err(JwkError::Private);
        }
        // An enum's derived reader also takes `{"RS256":null}`, and an `Option`'s takes null.
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

    /// The key with this modulus and exponent, both big-endian. Leading zero bytes are stripped,
    /// so that a key has one thumbprint however it is written.
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

    /// The RFC 7638 SHA-256 thumbprint.
    pub fn kid(&self) -> &str {
        &self.inner.jwk.kid
    }

    /// The key as it is published.
    pub fn to_jwk(&self) -> PublicJwk {
        self.inner.jwk.clone()
    }

    /// Returns whether `signature` (base64url) is this key's RSASSA-PKCS1-v1_5 SHA-256 signature
    /// of `message` (RFC 8017 §8.2.2).
    pub(super) fn signed(&self, message: &str, signature: &str) -> bool {
        // A signature is as long as the modulus, also in base64url. The library checks this, too.
        signature.len() == self.inner.jwk.n.len() && self.inner.key.signed(message, signature)
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

/// The SHA-256 thumbprint of an RSA key (RFC 7638 §3) whose modulus and exponent are given as a
/// JWK writes them: base64url, without padding, without leading zero bytes.
pub fn thumbprint(n: &str, e: &str) -> String {
    let canonical = format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#);
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, canonical.as_bytes()))
}

fn without_leading_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

/// The length in bits of a number without leading zero bytes.
fn bits(number: &[u8]) -> usize {
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|last| last % 2 == 1)
}
