//! The JSON Web Key Set (RFC 7517) that the issuer publishes.

use serde::{Deserialize, Serialize};

/// The path of the key set, relative to the issuer's address.
pub const JWKS_PATH: &str = "/.well-known/jwks.json";

/// The media type of a key set (RFC 7517 §8.5.2).
pub const JWKS_MEDIA_TYPE: &str = "application/jwk-set+json";

/// The largest number of keys in a set.
pub const MAX_KEYS: usize = 64;

/// All keys that may verify a token now or soon.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeySet {
    /// The public keys.
    pub keys: Vec<PublicJwk>,
}

/// An RSA public key (RFC 7517 §4, RFC 7518 §6.3.1). The type has no private members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PublicJwk {
    /// Always `RSA`.
    pub kty: String,
    /// Always `sig`.
    #[serde(rename = "use")]
    pub use_: String,
    /// Always `RS256`.
    pub alg: String,
    /// The RFC 7638 SHA-256 thumbprint, base64url without padding.
    pub kid: String,
    /// The modulus, base64url without padding and without leading zero bytes.
    pub n: String,
    /// The public exponent, encoded like `n`.
    pub e: String,
}

impl PublicJwk {
    /// Creates the published form of a key from its `kid`, modulus and exponent (both encoded).
    pub fn rs256(kid: String, n: String, e: String) -> Self {
        Self { kty: "RSA".into(), use_: "sig".into(), alg: "RS256".into(), kid, n, e }
    }
}
