//! The JSON Web Key Set (RFC 7517), as the issuer publishes it.

use serde::{Deserialize, Serialize};

/// Where the key set is served, below the issuer's address.
pub const JWKS_PATH: &str = "/.well-known/jwks.json";

/// The media type of a key set (RFC 7517 §8.5.2).
pub const JWKS_MEDIA_TYPE: &str = "application/jwk-set+json";

/// The most keys that a set ever holds.
pub const MAX_KEYS: usize = 64;

/// Every key that may verify a token now or soon.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeySet {
    /// The public keys.
    pub keys: Vec<PublicJwk>,
}

/// An RSA public key (RFC 7517 §4, RFC 7518 §6.3.1). It has no room for a private member.
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
    /// The published form of the key with this `kid`, modulus and exponent (both encoded).
    pub fn rs256(kid: String, n: String, e: String) -> Self {
        Self { kty: "RSA".into(), use_: "sig".into(), alg: "RS256".into(), kid, n, e }
    }
}
