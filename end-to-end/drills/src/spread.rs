//! The distribution of measured times: the figures of a report.

use std::fmt;
use std::time::Duration;

/// A set of measured times, sorted.
#[derive(Debug, Clone, Default)]
pub struct Spread(Vec<Duration>);

impl Spread {
    /// Sorts these times.
    pub fn of(times: impl IntoIterator<Item = Duration>) -> Self {
        let mut times: Vec<_> = times.into_iter().collect();
        times.sort_unstable();
        Self(times)
    }

    /// The number of times.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The smallest time that `percent` of all do not exceed (nearest rank); 0 for an empty set.
    pub fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or_default()
    }

    /// The longest time; 0 for an empty set.
    pub fn max(&self) -> Duration {
        self.0.last().copied().unwrap_or_default()
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p50, p99, max] =
            [self.percentile(50), self.percentile(99), self.max()].map(milliseconds);
        write!(f, "p50 {p50}, p99 {p99}, max {max} ({} measured)", self.count())
    }
}

/// Formats a time for a report.
pub fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1_000.0)
}
