//! A token whose signature was good: what its bearer was granted.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Profile, Reason};

/// The claims of a verified token. One exists only after [`verify`](super::Unverified::verify).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// Who acts.
    pub subject: Subject,
    /// Who issued it; equal to [`Profile::issuer`].
    pub issuer: String,
    /// Every audience it names; at least one is of [`Profile::audiences`].
    pub audience: Vec<String>,
    /// The client it was issued to: for a service the service itself.
    pub client_id: String,
    /// The granted scopes, separated by blanks (RFC 6749 §3.3).
    pub scope: Option<String>,
    /// `iat`.
    pub issued_at: OffsetDateTime,
    /// `nbf`, if there is one.
    pub not_before: Option<OffsetDateTime>,
    /// `exp`.
    pub expires_at: OffsetDateTime,
    /// The token's own id.
    pub jti: Uuid,
    /// The feed position at which it was issued.
    pub pos: u64,
    /// The thumbprint of the key that signed it.
    pub kid: String,
}

/// Who acts with a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A user, in one of their sessions.
    User {
        /// The user's id.
        public_id: Uuid,
        /// The session's id.
        sid: Uuid,
        /// The roles at issue. The directory must grant a role too, for it to count.
        roles: Vec<String>,
    },
    /// A service in its own name; its id is [`AccessToken::client_id`].
    Service,
}

impl AccessToken {
    /// Whether it is of this time: refused from the instant `now = exp + leeway` on
    /// (RFC 7519 §4.1.4), and before `iat` or `nbf` minus the leeway.
    ///
    /// A cached verdict is checked again at every use.
    pub fn check_times(&self, profile: &Profile, now: OffsetDateTime) -> Result<(), Reason> {
        if now >= self.expires_at.saturating_add(profile.leeway) {
            return Err(Reason::Expired);
        }
        let latest = now.saturating_add(profile.leeway);
        if self.issued_at > latest || self.not_before.is_some_and(|start| start > latest) {
            return Err(Reason::Future);
        }
        Ok(())
    }

    /// Whether `audience` is among those it is meant for.
    pub fn is_for(&self, audience: &str) -> bool {
        self.audience.iter().any(|one| one == audience)
    }

    /// The user's id; `None` for a service.
    pub fn public_id(&self) -> Option<Uuid> {
        match self.subject {
            Subject::User { public_id, .. } => Some(public_id),
            Subject::Service => None,
        }
    }
}
