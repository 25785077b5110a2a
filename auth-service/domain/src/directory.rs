//! The directory snapshot that a guard starts from.

use signet_contract::events::Event;
use time::OffsetDateTime;

use super::error::StoreResult;
use super::users::User;

/// A part of one page of the snapshot. Parts limit the memory in use: the first page has every
/// revocation that can still matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The page itself; always the first part.
    Page {
        /// Users in order of creation.
        users: Vec<User>,
        /// The feed position that the whole page shows, revocations included.
        position: u64,
        /// True if more users follow.
        more: bool,
    },
    /// The next revocations, in order; on the first page alone.
    Revocations(Vec<Event>),
}

/// The store's methods for the snapshot.
pub trait DirectoryStore: Send + Sync {
    /// Passes a page to `take` in parts, all read in one transaction, until `take` returns `false`:
    /// at most `limit` users created after position `after`. The first page (`after` = 0) also has
    /// the revocations made since `revoked_since`.
    fn snapshot(
        &self,
        after: u64,
        limit: u32,
        revoked_since: OffsetDateTime,
        take: &mut dyn FnMut(Part) -> bool,
    ) -> StoreResult<()>;
}
