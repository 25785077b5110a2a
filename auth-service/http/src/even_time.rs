//! Answers in even time: what was done for one says nothing through how long it took.
//!
//! Where a log-in or a sign-up must not tell whether an account exists, hashing costs the same
//! either way, but what the database does after it differs by up to a few milliseconds. The answer
//! waits for the next step of a coarse grid, counted from the request.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The grid. A hash takes some 20 ms, so that an idle service answers at the first or second step.
const STEP: Duration = Duration::from_millis(50);

/// Since when an answer is waited for.
pub(super) struct EvenTime(Instant);

impl EvenTime {
    pub(super) fn starting_now() -> Self {
        Self(Instant::now())
    }

    /// Waits for the next step.
    pub(super) async fn wait(&self) {
        let steps = self.0.elapsed().as_micros() / STEP.as_micros() + 1;
        sleep_until(self.0 + STEP * u32::try_from(steps).unwrap_or(1)).await;
    }
}
