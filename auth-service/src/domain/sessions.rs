//! Sessions: one for each log-in, named by the `sid` of every token of it.

use std::net::IpAddr;

use time::OffsetDateTime;
use uuid::Uuid;

use super::audit::Act;
use super::error::StoreResult;

/// An open session, as a token of it needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The session's id.
    pub sid: Uuid,
    /// Whose.
    pub public_id: Uuid,
    /// The user's roles when it was opened or refreshed.
    pub roles: Vec<String>,
    /// The feed position, read after the user's row was locked.
    pub pos: u64,
}

/// An open session, as people look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// The session's id.
    pub sid: Uuid,
    /// Whose.
    pub public_id: Uuid,
    /// The client it was opened for.
    pub client_id: String,
    /// Where it was opened from, if known: an address as text.
    pub address: Option<String>,
    /// When it was opened.
    pub created_at: OffsetDateTime,
    /// When a token of it was last issued.
    pub last_used_at: OffsetDateTime,
    /// When it can no longer be refreshed; none if it never could.
    pub refreshable_until: Option<OffsetDateTime>,
}

/// What the domain asks of the store for sessions and what log-ins leave behind. Every end, its
/// event and its row in the audit log are one transaction, and refresh tokens die with their sessions.
pub trait SessionStore: Send + Sync {
    /// Ends a session (`session.revoked`) and says whose it was; none if there is none such or it
    /// ended before.
    fn end_session(&self, sid: Uuid, act: &Act) -> StoreResult<Option<Uuid>>;

    /// Ends every session of a user but `except` (`user.sessions_revoked`, also if none was open:
    /// no token of before is good after it). `false` if there is no such user.
    fn end_sessions_of(
        &self,
        public_id: Uuid,
        except: Option<Uuid>,
        act: &Act,
    ) -> StoreResult<bool>;

    /// The sessions of a user that are open at `now`, the latest first.
    fn list_sessions(
        &self,
        public_id: Uuid,
        now: OffsetDateTime,
    ) -> StoreResult<Vec<SessionRecord>>;

    /// Whether the user has logged in from this address before: such an address has its own count
    /// of failures, so that nobody else's failures lock the owner out.
    fn has_logged_in_from(&self, public_id: Uuid, address: IpAddr) -> StoreResult<bool>;

    /// Forgets sessions of which no token can live any more, if no access token issued before
    /// `before` lives; gives how many.
    fn prune_sessions(&self, before: OffsetDateTime, now: OffsetDateTime) -> StoreResult<usize>;

    /// Forgets addresses last seen before `before`; gives how many.
    fn prune_addresses(&self, before: OffsetDateTime) -> StoreResult<usize>;
}
