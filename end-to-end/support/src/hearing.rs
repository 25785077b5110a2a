//! A guard that is started gives its issuer a second and a half to answer, then serves what it holds.
//! On a machine that is slow enough for that, nothing is promised of what happened while it was away,
//! until it has heard of it.

use std::time::Duration;

use crate::metrics::Metrics;
use crate::poll;
use crate::service::Service;

/// An issuer that runs answers that soon.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often the guard began to serve before its issuer had answered.
pub fn starts_unheard(guard: &Service) -> usize {
    guard.log().matches("did not answer within").count()
}

/// Starts a guard while its issuer runs, and waits until it is ready and has heard what it missed.
pub fn start(guard: &mut Service) {
    guard.start();
    poll::until("the guard has heard from its issuer", PATIENCE, || has_caught_up(guard));
}

fn has_caught_up(guard: &Service) -> bool {
    Metrics::of(&guard.management).sample("signet_guard_feed_caught_up") == Some(1)
}
