//! Ages by the monotonic clock and by the wall clock; the greater one counts. The monotonic clock
//! stops while a machine sleeps; the wall clock can be set back.

use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::Instant;

use signet_contract::clock::Clock;

/// A point in time on both clocks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamp {
    monotonic: Instant,
    wall: OffsetDateTime,
    /// The age at the time when this process read it.
    older: Duration,
}

impl Stamp {
    /// Returns the current time.
    pub(super) fn now(clock: &dyn Clock) -> Self {
        Self { monotonic: Instant::now(), wall: clock.now(), older: Duration::ZERO }
    }

    /// Restores the time that an earlier process stored; its age comes from the wall clock.
    pub(super) fn noted(wall: OffsetDateTime, clock: &dyn Clock) -> Self {
        let older = clock.now() - wall;
        let older = if older.is_negative() { Duration::ZERO } else { older.unsigned_abs() };
        Self { monotonic: Instant::now(), wall, older }
    }

    /// Returns the wall-clock time.
    pub(super) fn wall(&self) -> OffsetDateTime {
        self.wall
    }

    /// Returns the monotonic time after a wait.
    pub(super) fn after(&self, wait: Duration) -> Instant {
        self.monotonic + wait
    }

    /// Returns the age at a later time.
    pub(super) fn age(&self, now: &Self) -> Duration {
        let elapsed = now.monotonic.saturating_duration_since(self.monotonic);
        let monotonic = elapsed.saturating_add(self.older);
        let wall = now.wall - self.wall;
        if wall.is_negative() { monotonic } else { monotonic.max(wall.unsigned_abs()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use signet_contract::clock::ManualClock;
    use time::macros::datetime;

    fn age(stamp: &Stamp, clock: &ManualClock) -> Duration {
        stamp.age(&Stamp::now(clock))
    }

    const NOW: OffsetDateTime = datetime!(2026-01-02 03:04:05 UTC);

    #[tokio::test(start_paused = true)]
    async fn larger_age_of_two_clocks_counts() {
        let clock = ManualClock::at(NOW);
        let stamp = Stamp::now(&clock);
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(age(&stamp, &clock), Duration::from_secs(5));
        clock.advance(time::Duration::HOUR);
        assert_eq!(age(&stamp, &clock), Duration::from_secs(3_600));
        clock.advance(-2 * time::Duration::HOUR);
        assert_eq!(age(&stamp, &clock), Duration::from_secs(5));
    }

    #[tokio::test(start_paused = true)]
    async fn age_continues_after_a_restart() {
        let clock = ManualClock::at(NOW);
        let stamp = Stamp::noted(NOW - time::Duration::MINUTE, &clock);
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(age(&stamp, &clock), Duration::from_secs(65));
    }
}
