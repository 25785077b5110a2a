//! How old a thing is: by the monotonic clock and by the wall clock, and the worse counts. The one
//! stands still while a machine sleeps, the other can be set back.

use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::Instant;

use signet_contract::clock::Clock;

/// A moment, on both clocks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamp {
    monotonic: Instant,
    wall: OffsetDateTime,
    /// The age that it had when this process first saw it.
    older: Duration,
}

impl Stamp {
    /// This moment.
    pub(super) fn now(clock: &dyn Clock) -> Self {
        Self { monotonic: Instant::now(), wall: clock.now(), older: Duration::ZERO }
    }

    /// A moment that an earlier process noted; only the wall clock knows how long ago.
    pub(super) fn noted(wall: OffsetDateTime, clock: &dyn Clock) -> Self {
        let older = clock.now() - wall;
        let older = if older.is_negative() { Duration::ZERO } else { older.unsigned_abs() };
        Self { monotonic: Instant::now(), wall, older }
    }

    /// The wall-clock time of it.
    pub(super) fn wall(&self) -> OffsetDateTime {
        self.wall
    }

    /// How long ago it was.
    pub(super) fn age(&self, clock: &dyn Clock) -> Duration {
        let monotonic = self.monotonic.elapsed().saturating_add(self.older);
        let wall = clock.now() - self.wall;
        if wall.is_negative() { monotonic } else { monotonic.max(wall.unsigned_abs()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use signet_contract::clock::ManualClock;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-01-02 03:04:05 UTC);

    #[tokio::test(start_paused = true)]
    async fn the_clock_that_shows_more_counts() {
        let clock = ManualClock::at(NOW);
        let stamp = Stamp::now(&clock);
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(stamp.age(&clock), Duration::from_secs(5));
        clock.advance(time::Duration::HOUR);
        assert_eq!(stamp.age(&clock), Duration::from_secs(3_600));
        clock.advance(-2 * time::Duration::HOUR);
        assert_eq!(stamp.age(&clock), Duration::from_secs(5));
    }

    #[tokio::test(start_paused = true)]
    async fn what_an_earlier_process_noted_goes_on_ageing() {
        let clock = ManualClock::at(NOW);
        let stamp = Stamp::noted(NOW - time::Duration::MINUTE, &clock);
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(stamp.age(&clock), Duration::from_secs(65));
    }
}
