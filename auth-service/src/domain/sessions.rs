//! Sessions: one for each log-in, named by the `sid` of every token of it.

use std::net::IpAddr;

use time::OffsetDateTime;
use uuid::Uuid;

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

/// What the domain asks of the store for what log-ins leave behind.
pub trait SessionStore: Send + Sync {
    /// Whether the user has logged in from this address before: such an address has its own count
    /// of failures, so that nobody else's failures lock the owner out.
    fn has_logged_in_from(&self, public_id: Uuid, address: IpAddr) -> StoreResult<bool>;

    /// Forgets sessions opened, and addresses last seen, before `before`; gives how many.
    fn prune_sessions(&self, before: OffsetDateTime) -> StoreResult<usize>;
}
