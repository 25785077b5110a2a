//! Randomness for jitter, so that many guards do not retry at the same time.

use std::time::Duration;

/// Returns a uniform number from 0 (included) to 1 (excluded), or the middle without entropy.
fn fraction() -> f64 {
    let bits = getrandom::u32().unwrap_or(u32::MAX / 2);
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}

/// Returns a uniform duration from `least` to `most`.
pub(super) fn between(least: Duration, most: Duration) -> Duration {
    least + most.saturating_sub(least).mul_f64(fraction())
}

/// Retries with full jitter: each pause is random, below a ceiling that doubles with each failure.
#[derive(Debug, Clone)]
pub(super) struct Backoff {
    first: Duration,
    most: Duration,
    failures: u32,
}

impl Backoff {
    /// A backoff of up to `first` after one failure, and never more than `most`.
    pub(super) fn new(first: Duration, most: Duration) -> Self {
        Self { first, most, failures: 0 }
    }

    /// Returns the pause after one more failure.
    pub(super) fn next(&mut self) -> Duration {
        let factor = 1_u32 << self.failures.min(16);
        let ceiling = self.first.saturating_mul(factor).min(self.most);
        self.failures = self.failures.saturating_add(1);
        // Without a pause, a refused connection would cause a busy loop.
        between((ceiling / 10).max(Duration::from_millis(20)), ceiling)
    }

    /// Forgets the failures.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_ceiling_and_begin_again_after_a_success() {
        let (first, most) = (Duration::from_millis(200), Duration::from_secs(5));
        let mut backoff = Backoff::new(first, most);
        assert!(backoff.next() <= first);
        let later: Vec<_> = (0..200).map(|_| backoff.next()).collect();
        assert!(later.iter().all(|pause| *pause <= most));
        assert!(later.iter().any(|pause| *pause > Duration::from_secs(2)), "{later:?}");
        backoff.reset();
        assert!(backoff.next() <= first);
    }
}
