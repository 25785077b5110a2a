//! Time as a parameter: code that needs the time takes a [`Clock`], so that tests can move it.

use std::fmt::Debug;
use std::sync::atomic::{AtomicI64, Ordering};

use time::{Duration, OffsetDateTime};

/// A source of the wall-clock time.
pub trait Clock: Debug + Send + Sync {
    /// Returns the time now, in UTC.
    fn now(&self) -> OffsetDateTime;
}

/// The system clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

/// A clock that moves only when a test advances it.
#[derive(Debug)]
pub struct ManualClock {
    /// Microseconds since the Unix epoch.
    micros: AtomicI64,
}

impl ManualClock {
    /// Creates a clock that shows `now`.
    pub fn at(now: OffsetDateTime) -> Self {
        Self { micros: AtomicI64::new(unix_micros(now)) }
    }

    /// Moves the clock forward, or back if `by` is negative.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.whole_microseconds()).unwrap_or(i64::MAX);
        self.micros.fetch_add(by, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> OffsetDateTime {
        from_unix_micros(self.micros.load(Ordering::SeqCst))
    }
}

/// Returns the microseconds since the Unix epoch. Both databases store a time in this form.
pub fn unix_micros(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}

/// Reverses [`unix_micros`]. A value outside the calendar becomes the epoch.
pub fn from_unix_micros(micros: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
