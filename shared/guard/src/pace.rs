//! How often a guard hears from its issuer: so often that nothing it holds gets too old while the
//! issuer answers, however little age the operator allows.

use std::time::Duration;

/// The longest that the issuer holds a call open while there is nothing to tell, in seconds.
const LONGEST_WAIT: u64 = 25;

/// An issuer that answers "nothing new" at once, instead of waiting, is asked no faster than this.
const QUIET: Duration = Duration::from_secs(1);

/// The longest pause between polls of the key set, whatever its `max-age` says.
const LONGEST_POLL: Duration = Duration::from_secs(5 * 60);

/// That nothing was new is written to the store no more often than this.
const TOUCH: Duration = Duration::from_secs(10);

/// The paces that depend on how old a thing may get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pace {
    /// How long a call to the feed is held open, in seconds; 0 is not at all.
    pub(super) wait: u64,
    /// The pause after an answer "nothing new" that was not waited for.
    pub(super) quiet: Duration,
    /// The longest pause between polls of the key set.
    pub(super) poll: Duration,
    /// How often a contact is written to the store, at most.
    pub(super) touch: Duration,
}

impl Pace {
    /// The paces for a guard that trusts what it holds for `max_staleness`. A third of it leaves
    /// room for one call that fails, and for a contact that a restart finds already aged.
    pub(super) fn of(max_staleness: Duration) -> Self {
        let third = max_staleness / 3;
        Self {
            wait: third.as_secs().min(LONGEST_WAIT),
            quiet: third.min(QUIET),
            poll: third.min(LONGEST_POLL),
            touch: third.min(TOUCH),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pace_lets_what_is_held_get_too_old() {
        for seconds in [1, 2, 3, 4, 10, 60, 3_600, 86_400] {
            let age = Duration::from_secs(seconds);
            let Pace { wait, quiet, poll, touch } = Pace::of(age);
            assert!(Duration::from_secs(wait) + quiet < age, "{seconds} s");
            assert!(poll < age && touch + poll < age, "{seconds} s");
        }
        let long = Pace { wait: LONGEST_WAIT, quiet: QUIET, poll: LONGEST_POLL, touch: TOUCH };
        assert_eq!(Pace::of(Duration::from_secs(24 * 3_600)), long);
    }
}
