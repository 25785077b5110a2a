//! The lag of a guard behind the feed.

use time::{Duration, OffsetDateTime};

use super::Guard;
use crate::error::StoreResult;
use crate::feed::{Changes, FeedStore};

/// The changes that a guard has not confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// The number of changes.
    pub changes: u64,
    /// The age of the first of them. `None` if the feed no longer keeps it: then the guard starts
    /// from a snapshot.
    pub time: Option<Duration>,
}

/// Returns the lag of a guard at `now`.
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
    // The clock that dated a recent change may be a little ahead.
    Ok(Lag { changes, time: first.map(|at| (now - at).max(Duration::ZERO)) })
}
