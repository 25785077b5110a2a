//! The expectations of a verifier: the issuer, the audiences and the difference of clocks.

use time::Duration;

/// The expectations of one verifier. None of them comes from a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The only accepted issuer, compared byte for byte (RFC 9068 §4).
    pub issuer: String,
    /// The accepted audiences. The `aud` of a token must contain one of them.
    pub audiences: Vec<String>,
    /// The accepted error of the issuer's clock, in either direction.
    pub leeway: Duration,
    /// The longest accepted `exp - iat`. It limits the use of a stolen signing key.
    pub max_life: Duration,
}
