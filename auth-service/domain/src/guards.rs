//! The guards that follow the feed: the keys that each one holds, and the position up to which it
//! has applied the changes. Each call to `/feed` reports both. A rotation and a revocation wait for
//! this confirmation.

use std::collections::BTreeSet;

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

mod registry;

pub use registry::{RecordedCall, Registry, Report};

/// The time for which a guard still counts as live after its last call ended.
pub const LIVE: Duration = Duration::seconds(60);

/// The time for which an absent guard is remembered.
pub const REMEMBERED: Duration = Duration::hours(24);

/// The most instances of one client that are remembered.
pub const MOST_INSTANCES: usize = 100;

/// The id of a guard: a client, and one process of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GuardId {
    /// The client that it authenticates as.
    pub client_id: String,
    /// The id that distinguishes it from other processes of the client.
    pub instance: Uuid,
}

/// The known facts about a guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    /// The guard's id.
    pub id: GuardId,
    /// The thumbprints of the keys that it holds.
    pub kids: BTreeSet<String>,
    /// The feed position up to which it has applied every change.
    pub position: u64,
    /// The time at which it first reported this position.
    pub confirmed_at: OffsetDateTime,
    /// The time at which it was first seen.
    pub first_seen: OffsetDateTime,
    /// The time at which a call of it was last open.
    pub seen_at: OffsetDateTime,
    /// True if a call of it is open, or ended less than [`LIVE`] ago.
    pub live: bool,
}

impl Guard {
    /// Returns true if the guard holds this key.
    pub fn holds(&self, kid: &str) -> bool {
        self.kids.contains(kid)
    }

    /// Returns the time at which it confirmed `position`; `None` if it has not yet.
    pub fn confirmed(&self, position: u64) -> Option<OffsetDateTime> {
        (self.position >= position).then_some(self.confirmed_at)
    }
}

/// The changes that a guard has not confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// The number of changes.
    pub changes: u64,
    /// The age of the first of them. `None` if the feed no longer keeps it: then the guard starts
    /// from a snapshot.
    pub time: Option<Duration>,
}

/// Returns true if a guard last seen at `seen_at` still counts as live. No guard stays live for
/// ever if the clock was set back.
pub fn recently_seen(seen_at: OffsetDateTime, now: OffsetDateTime) -> bool {
    (now - seen_at).abs() < LIVE
}

/// A guard's acknowledgement of one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The guard's id.
    pub id: GuardId,
    /// The time at which it confirmed the change; `None` if it has not yet.
    pub confirmed_at: Option<OffsetDateTime>,
}

/// Returns the receipts of the live guards for everything up to `position`.
pub fn receipts(guards: &[Guard], position: u64) -> Vec<Receipt> {
    let live = guards.iter().filter(|guard| guard.live);
    live.map(|guard| Receipt { id: guard.id.clone(), confirmed_at: guard.confirmed(position) })
        .collect()
}
