//! A steady pace: so many times a second, whatever the work between costs.

use std::time::{Duration, Instant};

/// Beats at a fixed distance.
#[derive(Debug)]
pub struct Pacer {
    next: Instant,
    interval: Duration,
}

impl Pacer {
    /// A beat `per_second` times a second, the first one at once.
    pub fn new(per_second: f64) -> Self {
        Self::every(Duration::from_secs_f64(1.0 / per_second))
    }

    /// A beat each `interval`, the first one at once.
    pub fn every(interval: Duration) -> Self {
        Self { next: Instant::now(), interval }
    }

    /// Waits for the next beat. Beats that were missed are left out: made good for all at once, they
    /// would be a burst that nobody asked for.
    pub fn wait(&mut self) {
        let now = Instant::now();
        sleep(self.next.saturating_duration_since(now));
        self.next = (self.next + self.interval).max(now);
    }
}

/// Waits so long: the pace of a load is a time, and no condition stands for it.
#[expect(clippy::disallowed_methods, reason = "a load has a pace, which is a time")]
pub(crate) fn sleep(time: Duration) {
    std::thread::sleep(time);
}
