//! A token with a good signature, and the rights of its subject.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Profile, Reason};

/// The claims of a verified token. [`verify`](super::verify) creates it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// The user or service that uses the token.
    pub subject: Subject,
    /// The issuer, equal to [`Profile::issuer`].
    pub issuer: String,
    /// All audiences in the token. At least one is in [`Profile::audiences`].
    pub audience: Vec<String>,
    /// The client to which the token was issued. For a service, the service itself.
    pub client_id: String,
    /// The granted scopes, separated by spaces (RFC 6749 §3.3).
    pub scope: Option<String>,
    /// `iat`.
    pub issued_at: OffsetDateTime,
    /// `nbf`, if present.
    pub not_before: Option<OffsetDateTime>,
    /// `exp`.
    pub expires_at: OffsetDateTime,
    /// The id of the token.
    pub jti: Uuid,
    /// The feed position at which the token was issued.
    pub pos: u64,
    /// The thumbprint of the key that signed the token.
    pub kid: String,
}

/// The user or service that uses a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A user, in one session.
    User {
        /// The user's id.
        public_id: Uuid,
        /// The session's id.
        sid: Uuid,
        /// The roles at the time of issue. A role counts only if the directory grants it, too.
        roles: Vec<String>,
    },
    /// A service. Its id is [`AccessToken::client_id`].
    Service,
}

impl AccessToken {
    /// Checks the times of the token. It is refused at and after `exp` plus the leeway (RFC 7519
    /// §4.1.4), and before `iat` or `nbf` minus the leeway.
    ///
    /// A cached token is checked again at every use.
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

    /// Returns true if `audience` is one of the token's audiences.
    pub fn is_for(&self, audience: &str) -> bool {
        self.audience.iter().any(|one| one == audience)
    }

    /// Returns the id of the user, or `None` for a service.
    pub fn public_id(&self) -> Option<Uuid> {
        match self.subject {
            Subject::User { public_id, .. } => Some(public_id),
            Subject::Service => None,
        }
    }
}
