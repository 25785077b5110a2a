//! What a verifier expects of every token: whose it is, for whom, and how far clocks may differ.

use time::Duration;

/// The expectations of one verifier. Nothing of it ever comes from a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The only issuer believed, compared byte for byte (RFC 9068 §4).
    pub issuer: String,
    /// A token is taken if its `aud` holds one of these.
    pub audiences: Vec<String>,
    /// How far the issuer's clock may be off in either direction.
    pub leeway: Duration,
    /// The longest `exp - iat` believed: it limits what a stolen signing key is good for.
    pub max_life: Duration,
}
