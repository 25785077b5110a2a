//! A limit of fetches for unknown keys: at most `2 + t/2` in any `t` seconds, for all requests
//! together. Without it, random `kid`s flood the issuer.

use std::time::Duration;

use tokio::time::Instant;

/// The number of fetches that may begin at once.
const BURST: u32 = 2;

/// The time until one more fetch may begin.
const REFILL: Duration = Duration::from_secs(2);

/// A bucket of permits.
#[derive(Debug)]
pub(super) struct Budget {
    permits: u32,
    /// The time of the last count of permits. Only whole periods are added.
    counted: Instant,
}

impl Budget {
    /// Creates a full bucket.
    pub(super) fn new(now: Instant) -> Self {
        Self { permits: BURST, counted: now }
    }

    /// Takes a permit, or returns the time of the next one.
    pub(super) fn take(&mut self, now: Instant) -> Result<(), Instant> {
        while self.permits < BURST && now.duration_since(self.counted) >= REFILL {
            self.permits += 1;
            self.counted += REFILL;
        }
        if self.permits == BURST {
            self.counted = now;
        }
        if self.permits == 0 {
            return Err(self.counted + REFILL);
        }
        self.permits -= 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budget_admits_two_and_one_more_every_two_seconds() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        let mut taken = Vec::new();
        // Calls without a pause, then none for a while, then again.
        for tick in (0..6_000_u32).filter(|tick| !(2_000..4_000).contains(tick)) {
            let now = start + Duration::from_millis(5) * tick;
            match budget.take(now) {
                Ok(()) => taken.push(now),
                Err(next) => assert!(next > now && next <= now + REFILL),
            }
        }
        for (from, first) in taken.iter().enumerate() {
            for (to, last) in taken.iter().enumerate().skip(from) {
                let span = last.duration_since(*first).as_secs_f64();
                let count = f64::from(u32::try_from(to - from + 1).expect("few"));
                assert!(count <= 2.0 + span / 2.0, "{count} in {span} s");
            }
        }
        assert!(taken.len() >= 11, "{}", taken.len());
    }
}
