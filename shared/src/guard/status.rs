//! What a guard tells about itself, for readiness, metrics and people. Nothing of it is secret.

use std::collections::BTreeMap;
use std::time::Duration;

/// More than this off the issuer's clock, and a guard is not ready.
pub const MAX_SKEW: Duration = Duration::from_mins(5);

/// The state of a guard at one moment.
#[derive(Debug, Clone)]
pub struct GuardStatus {
    /// Whether a good token would be answered: started, and nothing it holds is too old.
    pub serving: bool,
    /// The key cache.
    pub keys: KeysStatus,
    /// The feed, and the directory if the store has one.
    pub feed: FeedStatus,
    /// The issuer's clock less this machine's, to about a second; `None` before the first answer.
    pub skew: Option<time::Duration>,
    /// How many revocations are held.
    pub revocations: usize,
    /// Requests let through.
    pub admitted: u64,
    /// Requests refused: `missing`, `ambiguous`, `forbidden`, `unavailable`, or the word of a
    /// [`Reason`](crate::contract::bearer::Reason).
    pub refused: BTreeMap<&'static str, u64>,
}

impl GuardStatus {
    /// Whether this machine's clock agrees with the issuer's, as far as is known.
    pub fn clock_agrees(&self) -> bool {
        self.skew.is_none_or(|skew| skew.unsigned_abs() <= MAX_SKEW)
    }

    /// Whether the guard belongs behind a load balancer.
    pub fn ready(&self) -> bool {
        self.serving && self.clock_agrees()
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
