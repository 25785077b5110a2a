//! The change feed, as guards read it.

use signet_contract::events::{Change, Event};
use time::Duration;

/// The time for which a revocation can matter: the longest life of any access token, under any
/// value of `AUTH_ACCESS_TOKEN_TTL`, and 10 minutes for clocks that disagree.
pub const REVOCATIONS_KEPT: Duration = Duration::minutes(24 * 60 + 10);

/// Returns true for a revocation: a change that ends tokens that guards would accept otherwise.
pub fn revokes(change: &Change) -> bool {
    matches!(
        change,
        Change::SessionRevoked { .. }
            | Change::UserSessionsRevoked { .. }
            | Change::ClientRemoved { .. }
            | Change::KeyRevoked { .. }
    )
}

/// The answer to a reader at a position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changes {
    /// The events after the position, in commit order, perhaps none; and the oldest one kept.
    After {
        /// The events.
        events: Vec<Event>,
        /// The oldest position still kept.
        oldest: u64,
    },
    /// The position is older than the oldest one kept, or belongs to another database.
    Gone,
}
