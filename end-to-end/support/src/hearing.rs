//! Starting a guard and waiting for its feed. A guard that starts waits 1.5 s for its issuer, then
//! serves from its replica. On a slow machine it may then miss the events of its absence until it
//! has caught up with the feed.

use std::time::Duration;

use crate::metrics::Metrics;
use crate::poll;
use crate::service::Service;

/// The time within which a running issuer answers.
const PATIENCE: Duration = Duration::from_secs(30);

/// Starts a guard while its issuer runs, and waits until it has caught up with the feed.
pub fn start(guard: &mut Service) {
    guard.start();
    poll::until("the guard has heard from its issuer", PATIENCE, || has_caught_up(guard));
}

fn has_caught_up(guard: &Service) -> bool {
    Metrics::of(&guard.management).sample("signet_guard_feed_caught_up") == Some(1)
}
