//! The guards that follow the feed: which keys each one holds, and how far it has applied the
//! changes. Each call to `/feed` says so, and that is the confirmation which a rotation and a
//! revocation wait for.

use std::collections::BTreeSet;

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::error::StoreResult;

mod lag;
mod registry;

pub use lag::{Lag, lag};
pub use registry::{Begun, Registry, Report};

/// How long after its last call ended a guard still counts as one that serves.
pub const LIVE: Duration = Duration::seconds(60);

/// How long a guard that stays away is remembered.
pub const REMEMBERED: Duration = Duration::hours(24);

/// The most instances of one client that are remembered.
pub const MOST_INSTANCES: usize = 100;

/// Which guard: a client, and one process of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GuardId {
    /// The client that it authenticates as.
    pub client_id: String,
    /// What tells it from others of the same client.
    pub instance: Uuid,
}

/// What is known of a guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    /// Which one.
    pub id: GuardId,
    /// The thumbprints of the keys that it holds.
    pub kids: BTreeSet<String>,
    /// The feed position up to which it has applied every change.
    pub position: u64,
    /// When it first said that it had come to this position.
    pub confirmed_at: OffsetDateTime,
    /// When it was first seen.
    pub first_seen: OffsetDateTime,
    /// When a call of it was last open.
    pub seen_at: OffsetDateTime,
    /// Whether a call of it is open, or ended less than [`LIVE`] ago.
    pub live: bool,
}

impl Guard {
    /// Whether it holds this key.
    pub fn holds(&self, kid: &str) -> bool {
        self.kids.contains(kid)
    }

    /// When it confirmed everything up to `position`; none if it did not yet.
    pub fn confirmed(&self, position: u64) -> Option<OffsetDateTime> {
        (self.position >= position).then_some(self.confirmed_at)
    }
}

/// Whether a guard whose last call was seen at `seen_at` still counts. A clock that was set back
/// makes nobody live for ever.
pub fn recently_seen(seen_at: OffsetDateTime, now: OffsetDateTime) -> bool {
    (now - seen_at).abs() < LIVE
}

/// What a guard has to say of one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Who.
    pub id: GuardId,
    /// When it confirmed the change; none if it did not yet.
    pub confirmed_at: Option<OffsetDateTime>,
}

/// Who of the live guards has confirmed everything up to `position`.
pub fn receipts(guards: &[Guard], position: u64) -> Vec<Receipt> {
    let live = guards.iter().filter(|guard| guard.live);
    live.map(|guard| Receipt { id: guard.id.clone(), confirmed_at: guard.confirmed(position) })
        .collect()
}

/// What the domain asks of the store for guards. Only a server writes them.
pub trait GuardStore: Send + Sync {
    /// Every guard that is remembered, by client and instance, as it was last written. One whose
    /// call is open is written anew often enough to be [`Guard::live`] here, too.
    fn list_guards(&self, now: OffsetDateTime) -> StoreResult<Vec<Guard>>;

    /// Writes these guards down, whether they are known or new.
    fn save_guards(&self, guards: &[Guard]) -> StoreResult<()>;

    /// Forgets these guards.
    fn forget_guards(&self, guards: &[GuardId]) -> StoreResult<()>;
}
