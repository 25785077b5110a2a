//! The state of a guard for readiness, metrics and operators. It contains no secrets.

use std::collections::BTreeMap;
use std::time::Duration;

pub use super::mismatch::{MAX_SKEW, Mismatch};

/// The state of a guard at one moment.
#[derive(Debug, Clone)]
pub struct GuardStatus {
    /// True if requests are judged: the guard has started, and its data is not too old.
    pub serving: bool,
    /// The key cache.
    pub keys: KeysStatus,
    /// The feed, and the directory if the store has one.
    pub feed: FeedStatus,
    /// The issuer's clock minus this machine's, to about a second; `None` before the first answer.
    pub skew: Option<time::Duration>,
    /// The reasons to refuse every token of the issuer; empty if none is known.
    pub mismatches: Vec<Mismatch>,
    /// The number of revocations held.
    pub revocations: usize,
    /// Requests admitted.
    pub admitted: u64,
    /// Requests refused: `missing`, `ambiguous`, `forbidden`, `unavailable`, or the word of a
    /// [`Reason`](signet_contract::bearer::Reason).
    pub refused: BTreeMap<&'static str, u64>,
}

impl GuardStatus {
    /// Returns true unless this machine's clock is known to differ from the issuer's.
    pub fn clock_agrees(&self) -> bool {
        self.mismatch("clock").is_none()
    }

    /// The mismatch of a part of the readiness, if there is one.
    pub fn mismatch(&self, part: &str) -> Option<&Mismatch> {
        self.mismatches.iter().find(|mismatch| mismatch.part() == part)
    }

    /// Returns true if the guard admits good tokens of the issuer, so that a load balancer may send
    /// it requests. An outage of the issuer changes nothing.
    pub fn ready(&self) -> bool {
        self.serving && self.mismatches.is_empty()
    }
}

/// The state of the key cache.
#[derive(Debug, Clone)]
pub struct KeysStatus {
    /// The keys held, by `kid`.
    pub kids: Vec<String>,
    /// The time since the request that last brought or confirmed the set.
    pub age: Option<Duration>,
    /// True if the keys are present and trusted.
    pub trusted: bool,
    /// The last error, until a fetch succeeds.
    pub last_error: Option<String>,
    /// Fetches begun, by cause: `poll`, `unknown_key`, `announced`.
    pub fetches: BTreeMap<&'static str, u64>,
    /// Fetches that failed.
    pub failures: u64,
}

/// The state of the feed.
#[derive(Debug, Clone)]
pub struct FeedStatus {
    /// The position of the feed that is applied; `None` before the first snapshot.
    pub position: Option<u64>,
    /// True if the last answer of the feed left nothing to ask for.
    pub caught_up: bool,
    /// The time since the last good answer of the feed.
    pub age: Option<Duration>,
    /// True if the data from the feed is present and trusted.
    pub trusted: bool,
    /// The time of the last change from the issuer's commit to this guard.
    pub lag: Option<Duration>,
    /// The last error, until the feed answers well.
    pub last_error: Option<String>,
    /// The number of users read so far, while the guard takes a snapshot; otherwise `None`.
    pub snapshot: Option<usize>,
}
