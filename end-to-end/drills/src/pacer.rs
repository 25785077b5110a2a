//! A steady rate of so many times a second, independent of the work in between.

use std::time::{Duration, Instant};

/// A clock that beats at a fixed interval.
#[derive(Debug)]
pub struct Pacer {
    next: Instant,
    interval: Duration,
}

impl Pacer {
    /// Beats `per_second` times a second, the first time at once.
    pub fn new(per_second: f64) -> Self {
        Self::every(Duration::from_secs_f64(1.0 / per_second))
    }

    /// Beats once each `interval`, the first time at once.
    pub fn every(interval: Duration) -> Self {
        Self { next: Instant::now(), interval }
    }

    /// Waits for the next beat. Missed beats are skipped, since making up for all of them at once
    /// would be an unintended burst.
    pub fn wait(&mut self) {
        let now = Instant::now();
        sleep(self.next.saturating_duration_since(now));
        self.next = (self.next + self.interval).max(now);
    }
}

/// Sleeps for `time`. The rate of a load is a time; no condition can replace it.
#[expect(clippy::disallowed_methods, reason = "a load has a pace, which is a time")]
pub(crate) fn sleep(time: Duration) {
    std::thread::sleep(time);
}
