//! A limit of log lines of one kind, for kinds that any client can cause.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Allows one line in each interval, and counts the events of that time.
#[derive(Debug)]
pub struct LineLimit {
    interval: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    last_line: Option<Instant>,
    events: u64,
}

impl LineLimit {
    /// Creates a limit of one line in each `interval`.
    pub const fn every(interval: Duration) -> Self {
        Self { interval, state: Mutex::new(State { last_line: None, events: 0 }) }
    }

    /// Counts an event. Returns the events since the last line, with this one, if a line is due.
    pub fn count(&self) -> Option<u64> {
        self.count_at(Instant::now())
    }

    fn count_at(&self, now: Instant) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.events += 1;
        if state.last_line.is_some_and(|last| now.duration_since(last) < self.interval) {
            return None;
        }
        state.last_line = Some(now);
        Some(std::mem::take(&mut state.events))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_an_interval_states_the_count() {
        let start = Instant::now();
        let limit = LineLimit::every(Duration::from_hours(1));
        assert_eq!(limit.count_at(start), Some(1));
        for minutes in 0..59 {
            assert_eq!(limit.count_at(start + Duration::from_mins(minutes)), None);
        }
        assert_eq!(limit.count_at(start + Duration::from_hours(1)), Some(60));
        assert_eq!(limit.count_at(start + Duration::from_hours(2)), Some(1));
    }
}
