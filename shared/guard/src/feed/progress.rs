//! The progress of a snapshot, for the log and the status.

use std::time::Duration;

use tokio::time::Instant;

/// A snapshot that takes this long is worth a line, and one more in each further interval.
const FIRST_LINE: Duration = Duration::from_secs(1);
const NEXT_LINES: Duration = Duration::from_secs(5);

/// The users of a snapshot that are read so far.
#[derive(Debug)]
pub(super) struct Progress {
    users: usize,
    began: Instant,
    next_line: Instant,
}

impl Progress {
    /// The start of a snapshot: the time of its first request.
    pub(super) fn since(began: Instant) -> Self {
        Self { users: 0, began, next_line: began + FIRST_LINE }
    }

    /// Counts the users of a page. Returns true if a line of the log is due.
    pub(super) fn read(&mut self, users: usize, now: Instant) -> bool {
        self.users += users;
        let due = now >= self.next_line;
        if due {
            self.next_line = now + NEXT_LINES;
        }
        due
    }

    /// Returns the number of users.
    pub(super) fn users(&self) -> usize {
        self.users
    }

    /// Returns the time since the start.
    pub(super) fn time(&self, now: Instant) -> Duration {
        now - self.began
    }

    /// Returns true if the snapshot takes so long that its end is worth a line.
    pub(super) fn is_long(&self, now: Instant) -> bool {
        self.time(now) >= FIRST_LINE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_snapshot_has_no_line() {
        let began = Instant::now();
        let mut progress = Progress::since(began);
        let soon = began + Duration::from_millis(900);
        assert!(!progress.read(1_000, soon) && !progress.is_long(soon));
        assert_eq!((progress.users(), progress.time(soon).as_millis()), (1_000, 900));
    }

    #[test]
    fn long_snapshot_has_a_line_after_a_second_and_then_every_five() {
        let began = Instant::now();
        let mut progress = Progress::since(began);
        let lines = (0..150)
            .filter(|tenths| progress.read(1_000, began + Duration::from_millis(100) * *tenths));
        assert_eq!(lines.collect::<Vec<_>>(), [10, 60, 110]);
        assert_eq!(progress.users(), 150_000);
        assert!(progress.is_long(began + Duration::from_secs(15)));
    }
}
