//! How far a guard is behind the feed.

use time::{Duration, OffsetDateTime};

use super::Guard;
use crate::error::StoreResult;
use crate::feed::{Changes, FeedStore};

/// What a guard has not confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// How many changes.
    pub changes: u64,
    /// How long ago the first of them was made. None if the feed does not keep it any more: then the
    /// guard starts from a snapshot.
    pub time: Option<Duration>,
}

/// The lag of a guard at `now`.
pub fn lag<S: FeedStore + ?Sized>(
    store: &S,
    guard: &Guard,
    now: OffsetDateTime,
) -> StoreResult<Lag> {
    let changes = store.position()?.saturating_sub(guard.position);
    if changes == 0 {
        return Ok(Lag { changes, time: Some(Duration::ZERO) });
    }
    let first = match store.changes_after(guard.position, 1)? {
        Changes::After { events, .. } => events.first().map(|event| event.at),
        Changes::Gone => None,
    };
    // A change of this moment may come from a clock a little ahead.
    Ok(Lag { changes, time: first.map(|at| (now - at).max(Duration::ZERO)) })
}
