//! The two steps of judging a token: what needs no key, and the signature.

use time::OffsetDateTime;

use super::jwk::PublicKey;
use super::{AccessToken, Profile, Reason, claims, compact, header};

/// A token that is good in everything but its signature, which nobody has looked at yet. All it
/// tells is which key to look with.
pub struct Unverified<'t> {
    token: AccessToken,
    signed: &'t str,
    signature: &'t str,
}

/// Checks everything that needs no key: form, header, claims, times.
///
/// Of several faults the one is told that helps most: form first, then another issuer or audience,
/// then claims, then times.
pub fn inspect<'t>(
    token: &'t str,
    profile: &Profile,
    now: OffsetDateTime,
) -> Result<Unverified<'t>, Reason> {
    let parts = compact::split(token)?;
    let kid = header::kid(&parts.header)?;
    let token = claims::read(&parts.payload, kid, profile)?;
    token.check_times(profile, now)?;
    Ok(Unverified { token, signed: parts.signed, signature: parts.signature })
}

impl Unverified<'_> {
    /// The key that the token says it was signed with: the shape of an RFC 7638 thumbprint.
    pub fn kid(&self) -> &str {
        &self.token.kid
    }

    /// Checks the signature and hands out what was signed. Any failure is [`Reason::Key`].
    pub fn verify(self, key: &PublicKey) -> Result<AccessToken, Reason> {
        // Whoever holds the keys looked this one up by `kid`; that it did is checked, not trusted.
        if key.kid() != self.token.kid {
            return Err(Reason::Key);
        }
        if !key.signed(self.signed, self.signature) {
            return Err(Reason::Key);
        }
        Ok(self.token)
    }
}

impl std::fmt::Debug for Unverified<'_> {
    /// Leaves out the claims, which nobody has vouched for, and the signature.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Unverified").field("kid", &self.token.kid).finish_non_exhaustive()
    }
}
