//! The directory snapshot that a guard starts from.

use signet_contract::events::Event;
use time::OffsetDateTime;

use super::error::StoreResult;
use super::users::User;

/// A part of one page of the snapshot. A page is told in parts, since the first one has every
/// revocation that can still matter, and there may be more than should be held at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Comes first: the page itself.
    Page {
        /// Users in order of creation.
        users: Vec<User>,
        /// The feed position that the whole page shows, revocations included.
        position: u64,
        /// Whether more users follow.
        more: bool,
    },
    /// On the first page alone: the next revocations, in order.
    Revocations(Vec<Event>),
}

/// What the domain asks of the store for the snapshot.
pub trait DirectoryStore: Send + Sync {
    /// Tells a page in parts, all read in one transaction, for as long as `take` says that it wants
    /// more: at most `limit` users created after position `after`; with revocations made since
    /// `revoked_since` if this is the first page (`after` = 0).
    fn snapshot(
        &self,
        after: u64,
        limit: u32,
        revoked_since: OffsetDateTime,
        take: &mut dyn FnMut(Part) -> bool,
    ) -> StoreResult<()>;
}
