//! The directory snapshot that a guard starts from.

use shared::contract::events::Event;
use time::OffsetDateTime;

use super::error::StoreResult;
use super::users::User;

/// One page of the snapshot, read in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Users in order of creation.
    pub users: Vec<User>,
    /// On the first page, every revocation that can still matter.
    pub revocations: Vec<Event>,
    /// The feed position that the page shows.
    pub position: u64,
    /// Whether more users follow.
    pub more: bool,
}

/// What the domain asks of the store for the snapshot.
pub trait DirectoryStore: Send + Sync {
    /// At most `limit` users created after position `after`; with revocations made since
    /// `revoked_since` if this is the first page (`after` = 0).
    fn snapshot(
        &self,
        after: u64,
        limit: u32,
        revoked_since: OffsetDateTime,
    ) -> StoreResult<Snapshot>;
}
