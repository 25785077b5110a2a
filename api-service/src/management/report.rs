//! The full state of the guard, as sent to the command `status`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use signet_guard::status::GuardStatus;

/// The state of a guard at one time. Ages are in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// True if a good token would be answered.
    pub ready: bool,
    /// The feed position up to which the guard has applied events.
    pub position: Option<u64>,
    /// True if the last answer of the feed left no more events to request.
    pub caught_up: bool,
    /// The time since the last answer of the feed.
    pub feed_age: Option<f64>,
    /// The time that the last change took to reach this guard.
    pub feed_lag: Option<f64>,
    /// The last error of the feed.
    pub feed_error: Option<String>,
    /// The number of users read so far, during a snapshot.
    #[serde(default)]
    pub snapshot: Option<usize>,
    /// The held keys.
    pub keys: Vec<String>,
    /// The time since the key set was last confirmed.
    pub keys_age: Option<f64>,
    /// The last error of the key set.
    pub keys_error: Option<String>,
    /// The issuer's clock minus the clock of this machine.
    pub clock_skew: Option<f64>,
    /// The reasons to refuse every token of the issuer.
    #[serde(default)]
    pub mismatches: Vec<String>,
    /// The number of held revocations.
    pub revocations: u64,
    /// The number of admitted requests since the start.
    pub admitted: u64,
    /// The number of refused requests since the start, by reason.
    pub refused: BTreeMap<String, u64>,
}

impl Report {
    /// Creates the report of the command `status`.
    pub fn of(status: &GuardStatus) -> Self {
        let GuardStatus { keys, feed, .. } = status;
        Self {
            ready: status.ready(),
            position: feed.position,
            caught_up: feed.caught_up,
            feed_age: feed.age.map(|age| age.as_secs_f64()),
            feed_lag: feed.lag.map(|lag| lag.as_secs_f64()),
            feed_error: feed.last_error.clone(),
            snapshot: feed.snapshot,
            keys: keys.kids.clone(),
            keys_age: keys.age.map(|age| age.as_secs_f64()),
            keys_error: keys.last_error.clone(),
            clock_skew: status.skew.map(time::Duration::as_seconds_f64),
            mismatches: status.mismatches.iter().map(ToString::to_string).collect(),
            revocations: status.revocations as u64,
            admitted: status.admitted,
            refused: status.refused.iter().map(|(word, n)| ((*word).to_owned(), *n)).collect(),
        }
    }
}
