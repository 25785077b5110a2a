//! The change feed, as guards read it.

use shared::contract::events::Event;

use super::error::StoreResult;

/// What a reader gets for a position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changes {
    /// The events after the position, in commit order, perhaps none; and the oldest one kept.
    After {
        /// The events.
        events: Vec<Event>,
        /// The oldest position still kept.
        oldest: u64,
    },
    /// The position is older than what is kept, or of another database.
    Gone,
}

/// What the domain asks of the store for the feed.
pub trait FeedStore: Send + Sync {
    /// At most `limit` changes after position `after`.
    fn changes_after(&self, after: u64, limit: u32) -> StoreResult<Changes>;

    /// The position of the last change.
    fn position(&self) -> StoreResult<u64>;

    /// Forgets events made before `before`; gives how many.
    fn prune_feed(&self, before: time::OffsetDateTime) -> StoreResult<usize>;
}
