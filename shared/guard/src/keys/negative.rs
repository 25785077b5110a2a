//! The `kid`s that were missing in a recent fetch. They are refused for a few seconds without
//! another fetch.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

/// The time that an answer "no such key" holds, from the start of its fetch.
const HOLDS: Duration = Duration::from_secs(5);

/// The most `kid`s that are remembered. Others cost a wait, never a wrong answer.
const CAPACITY: usize = 10_000;

/// The cache.
#[derive(Debug, Default)]
pub(super) struct Negative {
    fetched: HashMap<String, Instant>,
}

impl Negative {
    /// Returns true if a set fetched less than 5 s ago lacked this `kid`.
    pub(super) fn holds(&self, kid: &str, now: Instant) -> bool {
        self.fetched.get(kid).is_some_and(|fetched| now.duration_since(*fetched) < HOLDS)
    }

    /// Notes that the set of the fetch begun at `fetched` lacks `kid`.
    pub(super) fn note(&mut self, kid: &str, fetched: Instant, now: Instant) {
        if self.fetched.len() >= CAPACITY {
            self.fetched.retain(|_, fetched| now.duration_since(*fetched) < HOLDS);
        }
        if self.fetched.len() < CAPACITY {
            self.fetched.insert(kid.to_owned(), fetched);
        }
    }

    /// Removes everything: the set changed, or a key was announced.
    pub(super) fn clear(&mut self) {
        self.fetched.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kid_is_remembered_for_less_than_five_seconds_of_its_fetch() {
        let now = Instant::now();
        let mut negative = Negative::default();
        negative.note("a", now, now);
        assert!(negative.holds("a", now + Duration::from_millis(4_999)));
        assert!(!negative.holds("a", now + Duration::from_secs(5)));
        assert!(!negative.holds("b", now));
        negative.clear();
        assert!(!negative.holds("a", now));
    }

    #[test]
    fn negative_cache_is_bounded_and_replaces_old_kids() {
        let now = Instant::now();
        let mut negative = Negative::default();
        for kid in 0..3 * CAPACITY {
            negative.note(&kid.to_string(), now, now);
        }
        assert_eq!(negative.fetched.len(), CAPACITY);
        let later = now + HOLDS;
        negative.note("late", later, later);
        assert_eq!(negative.fetched.len(), 1);
    }
}
