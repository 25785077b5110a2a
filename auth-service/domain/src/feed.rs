//! The change feed, as guards read it.

use signet_contract::events::{Change, Event};
use time::{Duration, OffsetDateTime};

use super::error::StoreResult;

/// How long a revocation can matter: the longest life of any access token, whatever
/// `AUTH_ACCESS_TOKEN_TTL` was when it was issued, and 10 minutes for clocks that disagree.
pub const REVOCATIONS_KEPT: Duration = Duration::minutes(24 * 60 + 10);

/// Whether the change is a revocation: it ends tokens that guards would accept otherwise.
pub fn revokes(change: &Change) -> bool {
    matches!(
        change,
        Change::SessionRevoked { .. }
            | Change::UserSessionsRevoked { .. }
            | Change::ClientRemoved { .. }
            | Change::KeyRevoked { .. }
    )
}

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

    /// Forgets the oldest events, those made before `before`; gives how many. Revocations stay in
    /// the snapshot all the same until [`FeedStore::prune_revocations`].
    fn prune_feed(&self, before: OffsetDateTime) -> StoreResult<usize>;

    /// Forgets, for the snapshot, revocations made before `before`; gives how many. Only those that
    /// can no longer matter may go: older than [`REVOCATIONS_KEPT`].
    fn prune_revocations(&self, before: OffsetDateTime) -> StoreResult<usize>;
}
