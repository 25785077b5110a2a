//! The two steps of checking a token: first without a key, then the signature.

use time::OffsetDateTime;

use super::jwk::PublicKey;
use super::{AccessToken, Profile, Reason, claims, compact, header};

/// Verifies a token with the keys of its issuer: both steps at once.
///
/// This check alone knows no revocation. A token of a key that is not in `keys` is refused, so the
/// caller keeps the key set current.
///
/// # Errors
///
/// The reason to refuse the token. [`Reason::Key`] if no key verifies it.
pub fn verify(
    token: &str,
    profile: &Profile,
    keys: &[PublicKey],
    now: OffsetDateTime,
) -> Result<AccessToken, Reason> {
    let unverified = inspect(token, profile, now)?;
    let key = keys.iter().find(|key| key.kid() == unverified.kid()).ok_or(Reason::Key)?;
    unverified.verify(key)
}

/// A token that is good except for its signature, which is not checked yet. It gives out only the
/// id of the key to check with.
pub struct Unverified<'t> {
    token: AccessToken,
    signed: &'t str,
    signature: Vec<u8>,
}

/// Checks everything that needs no key: form, header, claims, times.
///
/// Of several errors the most helpful is returned: first the form, then the issuer and the
/// audience, then claims, then times.
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
    /// Returns the `kid` in the token. It has the shape of an RFC 7638 thumbprint.
    pub fn kid(&self) -> &str {
        &self.token.kid
    }

    /// Checks the signature and returns the claims. Any failure is [`Reason::Key`].
    pub fn verify(self, key: &PublicKey) -> Result<AccessToken, Reason> {
        // The caller looks up the key by `kid`. This line checks that it is the right key.
        if key.kid() != self.token.kid {
            return Err(Reason::Key);
        }
        if !key.signed(self.signed, &self.signature) {
            return Err(Reason::Key);
        }
        Ok(self.token)
    }
}

impl std::fmt::Debug for Unverified<'_> {
    /// Leaves out the claims, which are not verified, and the signature.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Unverified").field("kid", &self.token.kid).finish_non_exhaustive()
    }
}
