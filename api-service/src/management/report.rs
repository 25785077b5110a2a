//! The guard's whole state as it travels to the command `status`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use signet_guard::status::GuardStatus;

/// A guard at one moment. Ages are in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Whether a good token would be answered.
    pub ready: bool,
    /// How far the feed is applied.
    pub position: Option<u64>,
    /// Whether nothing was left to ask for.
    pub caught_up: bool,
    /// Since the feed last answered.
    pub feed_age: Option<f64>,
    /// How long the last change took to come here.
    pub feed_lag: Option<f64>,
    /// What is wrong with the feed.
    pub feed_error: Option<String>,
    /// The keys held.
    pub keys: Vec<String>,
    /// Since the key set was last confirmed.
    pub keys_age: Option<f64>,
    /// What is wrong with the key set.
    pub keys_error: Option<String>,
    /// The issuer's clock less this machine's.
    pub clock_skew: Option<f64>,
    /// The reasons to refuse every token of the issuer.
    #[serde(default)]
    pub mismatches: Vec<String>,
    /// Revocations held.
    pub revocations: u64,
    /// Requests let through since the start.
    pub admitted: u64,
    /// Requests refused since the start, by reason.
    pub refused: BTreeMap<String, u64>,
}

impl Report {
    /// What `status` tells.
    pub fn of(status: &GuardStatus) -> Self {
        let GuardStatus { keys, feed, .. } = status;
        Self {
            ready: status.ready(),
            position: feed.position,
            caught_up: feed.caught_up,
            feed_age: feed.age.map(|age| age.as_secs_f64()),
            feed_lag: feed.lag.map(|lag| lag.as_secs_f64()),
            feed_error: feed.last_error.clone(),
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
