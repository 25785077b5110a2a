//! Answers at even times, so that the response time does not show whether an account exists.
//!
//! Hashing takes the same time for known and unknown accounts, but the database work after it
//! differs by up to a few milliseconds. So a uniform answer to a log-in or a sign-up waits for the
//! next step of a coarse grid, counted from the request.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The step of the grid. A hash takes some 20 ms, so an idle service answers at step one or two.
const STEP: Duration = Duration::from_millis(50);

/// The time of the request.
pub(crate) struct EvenTime(Instant);

impl EvenTime {
    pub(crate) fn starting_now() -> Self {
        Self(Instant::now())
    }

    /// Waits for the next step.
    pub(crate) async fn wait(&self) {
        let steps = self.0.elapsed().as_micros() / STEP.as_micros() + 1;
        sleep_until(self.0 + STEP * u32::try_from(steps).unwrap_or(1)).await;
    }
}
