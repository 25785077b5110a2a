//! The observations of each key: in the published key set, at the guards, in fresh tokens.
//!
//! Observations are apart in time, so an event is known only to lie between two of them. The
//! timeline reports a promise as broken only if it was certainly broken.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::holder::Minted;

/// The observed keys, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    /// By order of appearance.
    pub keys: Vec<KeyLine>,
    numbers: BTreeMap<String, usize>,
    last_looks: BTreeMap<Place, Instant>,
}

/// The places at which keys are observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The published key set.
    KeySet,
    /// The keys of a guard.
    Guard(usize),
}

/// One key.
#[derive(Debug, Clone)]
pub struct KeyLine {
    /// Its thumbprint.
    pub kid: String,
    /// The first observation at each place; empty before the first one.
    pub seen: BTreeMap<Place, Seen>,
    /// The time at which it was missing from the key set again.
    pub gone: Option<Instant>,
    /// The time at which its first token arrived.
    pub first_signed: Option<Instant>,
    /// The time at which its last token was requested.
    pub last_signed: Option<Instant>,
    /// True if the key had to wait before signing. A key that replaces a revoked one does not wait.
    pub planned: bool,
    /// The time at which its revocation call was sent.
    pub revoked: Option<Instant>,
}

/// A first observation.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// The time of the observation that found the key.
    pub at: Instant,
    /// The time of the observation before, which did not find it; `None` if there was none.
    pub not_before: Option<Instant>,
}

impl Timeline {
    /// Returns the line of this key, new if necessary.
    pub fn key(&mut self, kid: &str) -> &mut KeyLine {
        let next = self.keys.len();
        let number = *self.numbers.entry(kid.to_owned()).or_insert(next);
        if number == next {
            self.keys.push(KeyLine {
                kid: kid.to_owned(),
                seen: BTreeMap::new(),
                gone: None,
                first_signed: None,
                last_signed: None,
                planned: false,
                revoked: None,
            });
        }
        &mut self.keys[number]
    }

    /// Notes the keys found at `place` by an observation from `began` to `ended`.
    pub fn look(&mut self, place: Place, kids: &[String], began: Instant, ended: Instant) {
        let not_before = self.last_looks.insert(place, began);
        for kid in kids {
            self.key(kid).seen.entry(place).or_insert(Seen { at: ended, not_before });
        }
        if place == Place::KeySet {
            for key in &mut self.keys {
                let there = key.seen.contains_key(&place) && key.gone.is_none();
                if there && !kids.contains(&key.kid) {
                    key.gone = Some(began);
                }
            }
        }
    }

    /// Notes a fresh token.
    pub fn signed(&mut self, minted: &Minted) {
        let key = self.key(&minted.kid);
        let first = key.first_signed.get_or_insert(minted.came);
        *first = minted.came.min(*first);
        key.last_signed = key.last_signed.max(Some(minted.asked));
    }

    /// The number of planned keys that signed less than `lead` after they were published.
    pub fn without_lead(&self, lead: Duration) -> usize {
        let too_soon = |key: &&KeyLine| {
            let not_before = key.seen.get(&Place::KeySet).and_then(|seen| seen.not_before);
            let signed = key.first_signed;
            not_before.zip(signed).is_some_and(|(before, signed)| signed < before + lead)
        };
        self.keys.iter().filter(|key| key.planned).filter(too_soon).count()
    }

    /// The number of times that a planned key signed before a guard held it.
    pub fn unconfirmed(&self) -> usize {
        let early = |key: &KeyLine| {
            let signed = key.first_signed;
            let at_guards = key.seen.iter().filter(|(place, _)| **place != Place::KeySet);
            at_guards
                .filter(|(_, seen)| {
                    seen.not_before.zip(signed).is_some_and(|(before, signed)| signed < before)
                })
                .count()
        };
        self.keys.iter().filter(|key| key.planned).map(early).sum()
    }

    /// Unrevoked keys that left the key set while one of their tokens could still be good.
    pub fn gone_too_soon(&self, life: Duration) -> usize {
        // Times in tokens are whole seconds, rounded down.
        let rounding = Duration::from_secs(1);
        let too_soon = |key: &&KeyLine| {
            let needed = key.last_signed.map(|signed| signed + life.saturating_sub(rounding));
            key.revoked.is_none() && key.gone.zip(needed).is_some_and(|(gone, end)| gone < end)
        };
        self.keys.iter().filter(too_soon).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minted(kid: &str, at: Instant) -> Minted {
        Minted { text: String::new(), kid: kid.into(), asked: at, came: at }
    }

    #[test]
    fn a_key_that_signs_too_soon_or_leaves_too_soon_is_counted() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut timeline = Timeline::default();
        let old = ["old".to_owned()];
        let both = ["old".to_owned(), "new".to_owned()];
        for place in [Place::KeySet, Place::Guard(0)] {
            timeline.look(place, &old, at(0), at(0));
        }
        timeline.look(Place::KeySet, &both, at(10), at(10));
        timeline.look(Place::Guard(0), &both, at(11), at(11));
        timeline.signed(&minted("old", at(10)));
        timeline.signed(&minted("new", at(12)));
        timeline.key("new").planned = true;
        assert_eq!(timeline.without_lead(Duration::from_secs(2)), 0);
        assert_eq!(
            timeline.without_lead(Duration::from_secs(13)),
            1,
            "not there at 0, signs at 12"
        );
        assert_eq!(timeline.unconfirmed(), 0);
        timeline.look(Place::KeySet, &["new".to_owned()], at(20), at(20));
        assert_eq!(timeline.gone_too_soon(Duration::from_secs(5)), 0);
        assert_eq!(timeline.gone_too_soon(Duration::from_secs(15)), 1);
        timeline.key("old").revoked = Some(at(19));
        assert_eq!(timeline.gone_too_soon(Duration::from_secs(15)), 0);
    }

    #[test]
    fn a_key_that_signs_before_a_guard_holds_it_is_counted() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut timeline = Timeline::default();
        timeline.look(Place::Guard(0), &[], at(0), at(0));
        timeline.signed(&minted("new", at(3)));
        timeline.key("new").planned = true;
        timeline.look(Place::Guard(0), &[], at(5), at(5));
        timeline.look(Place::Guard(0), &["new".to_owned()], at(6), at(6));
        assert_eq!(timeline.unconfirmed(), 1);
    }
}
