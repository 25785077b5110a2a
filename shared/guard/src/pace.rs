//! The intervals of contact with the issuer. They are short enough that nothing held gets too old
//! while the issuer answers, even with a small `max_staleness`.

use std::time::Duration;

/// The longest time that the issuer holds a call open without a change, in seconds.
const LONGEST_WAIT: u64 = 25;

/// The shortest interval of calls to an issuer that answers "nothing new" without a wait.
const QUIET: Duration = Duration::from_secs(1);

/// The longest pause between polls of the key set, even with a longer `max-age`.
const LONGEST_POLL: Duration = Duration::from_secs(5 * 60);

/// The shortest interval of store writes for "nothing new".
const TOUCH: Duration = Duration::from_secs(10);

/// The intervals that depend on `max_staleness`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pace {
    /// The time that the issuer holds a call to the feed open, in seconds; 0 means not at all.
    pub(super) wait: u64,
    /// The pause after an answer "nothing new" that came at once.
    pub(super) quiet: Duration,
    /// The longest pause between polls of the key set.
    pub(super) poll: Duration,
    /// The shortest interval of store writes for a contact.
    pub(super) touch: Duration,
}

impl Pace {
    /// Returns the intervals for `max_staleness`. A third of it leaves room for one failed call,
    /// and for a contact that is already old at a restart.
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
    fn poll_interval_stays_below_the_staleness_limit() {
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
