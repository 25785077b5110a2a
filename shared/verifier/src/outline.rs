//! The unverified claims of a token. They show a difference in a message, and grant no right.

use time::OffsetDateTime;

use super::json::unambiguous_object;
use super::{Reason, claims, compact};

/// The claims that a guard compares with its own settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// `iss`.
    pub issuer: String,
    /// `aud`.
    pub audience: Vec<String>,
    /// `iat`.
    pub issued_at: OffsetDateTime,
    /// `exp`.
    pub expires_at: OffsetDateTime,
}

/// Reads the outline of a token.
///
/// # Errors
///
/// [`Reason::Malformed`] if a claim is missing, or the token is not a JWT with an RSA signature.
pub fn outline(token: &str) -> Result<Outline, Reason> {
    let parts = compact::split(token)?;
    let members = unambiguous_object(&parts.payload).ok_or(Reason::Malformed)?;
    Ok(Outline {
        issuer: claims::text(&members, "iss")?.to_owned(),
        audience: claims::audience(&members)?,
        issued_at: claims::time(&members, "iat")?,
        expires_at: claims::time(&members, "exp")?,
    })
}
