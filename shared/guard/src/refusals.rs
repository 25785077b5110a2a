//! Counts of admitted requests, and of refused requests by reason.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use signet_verifier::Refusal;

/// The counts.
#[derive(Debug, Default)]
pub(super) struct Tally {
    admitted: AtomicU64,
    refused: [AtomicU64; Refusal::WORDS.len()],
}

impl Tally {
    /// Counts an outcome and returns it.
    pub(super) fn count<T>(&self, outcome: Result<T, Refusal>) -> Result<T, Refusal> {
        let counter = match &outcome {
            Ok(_) => Some(&self.admitted),
            Err(refusal) => {
                let place = Refusal::WORDS.iter().position(|known| *known == refusal.word());
                place.and_then(|place| self.refused.get(place))
            }
        };
        if let Some(counter) = counter {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        outcome
    }

    /// Returns the admitted requests, and the refused requests by word.
    pub(super) fn counts(&self) -> (u64, BTreeMap<&'static str, u64>) {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let refused =
            Refusal::WORDS.iter().zip(&self.refused).map(|(word, count)| (*word, of(count)));
        (of(&self.admitted), refused.collect())
    }
}
