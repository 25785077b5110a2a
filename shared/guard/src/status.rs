//! What a guard tells about itself, for readiness, metrics and people. Nothing of it is secret.

use std::collections::BTreeMap;
use std::time::Duration;

pub use super::mismatch::{MAX_SKEW, Mismatch};

/// The state of a guard at one moment.
#[derive(Debug, Clone)]
pub struct GuardStatus {
    /// True if requests are judged: the guard has started, and nothing it holds is too old.
    pub serving: bool,
    /// The key cache.
    pub keys: KeysStatus,
    /// The feed, and the directory if the store has one.
    pub feed: FeedStatus,
    /// The issuer's clock less this machine's, to about a second; `None` before the first answer.
    pub skew: Option<time::Duration>,
    /// The reasons to refuse every token of the issuer; empty if none is known.
    pub mismatches: Vec<Mismatch>,
    /// How many revocations are held.
    pub revocations: usize,
    /// Requests let through.
    pub admitted: u64,
    /// Requests refused: `missing`, `ambiguous`, `forbidden`, `unavailable`, or the word of a
    /// [`Reason`](signet_contract::bearer::Reason).
    pub refused: BTreeMap<&'static str, u64>,
}

impl GuardStatus {
    /// Whether this machine's clock agrees with the issuer's, as far as is known.
    pub fn clock_agrees(&self) -> bool {
        self.mismatch("clock").is_none()
    }

    /// The mismatch of a part of the readiness, if there is one.
    pub fn mismatch(&self, part: &str) -> Option<&Mismatch> {
        self.mismatches.iter().find(|mismatch| mismatch.part() == part)
    }

    /// Returns whether a good token of the issuer would be answered: the guard belongs behind a load
    /// balancer. An outage of the issuer changes nothing.
    pub fn ready(&self) -> bool {
        self.serving && self.mismatches.is_empty()
    }
}

/// The state of the key cache.
#[derive(Debug, Clone)]
pub struct KeysStatus {
    /// The keys held, by `kid`.
    pub kids: Vec<String>,
    /// How long ago the request was sent that last brought or confirmed the set.
    pub age: Option<Duration>,
    /// Whether the keys are there and trusted.
    pub trusted: bool,
    /// What went wrong last, until a fetch succeeds.
    pub last_error: Option<String>,
    /// Fetches begun, by cause: `poll`, `unknown_key`, `announced`.
    pub fetches: BTreeMap<&'static str, u64>,
    /// Fetches that failed.
    pub failures: u64,
}

/// The state of the feed.
#[derive(Debug, Clone)]
pub struct FeedStatus {
    /// How far the feed is applied; `None` before the first snapshot.
    pub position: Option<u64>,
    /// Whether the last answer of the feed left nothing to ask for.
    pub caught_up: bool,
    /// How long ago the feed last answered well.
    pub age: Option<Duration>,
    /// Whether what the feed brought is there and trusted.
    pub trusted: bool,
    /// How long the last change took from the issuer's commit to here.
    pub lag: Option<Duration>,
    /// What went wrong last, until the feed answers well.
    pub last_error: Option<String>,
}
