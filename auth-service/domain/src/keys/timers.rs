//! The time that each key has been in its phase, measured by this process with the monotonic clock.
//! A wall clock that leaps ahead ends no lead and retires no key before its time. For a phase that
//! began before the process, the wall clock at the start counts.

use std::collections::HashMap;

use time::{Duration, OffsetDateTime};

use super::{Key, KeyState};

/// A part of a key's life. A pending key's lead begins when it is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Phase {
    state: KeyState,
    served: bool,
}

impl Phase {
    fn of(key: &Key) -> Self {
        Self { state: key.state, served: key.served_at.is_some() }
    }
}

/// The measurements of one process.
#[derive(Debug, Clone, Default)]
pub struct Timers {
    /// The phase of each key, and its start, counted from the start of the process.
    seen: HashMap<String, (Phase, Duration)>,
    begun: bool,
    uptime: Duration,
}

impl Timers {
    /// Notes the keys as they are at `now`, after `uptime`: the time that this process has run.
    pub fn observe(&mut self, keys: &[Key], now: OffsetDateTime, uptime: Duration) {
        self.uptime = uptime;
        let mut seen = HashMap::with_capacity(keys.len());
        for key in keys {
            let phase = Phase::of(key);
            let began = match self.seen.get(&key.kid) {
                Some((known, began)) if *known == phase => *began,
                None if !self.begun => {
                    let since = match key.state {
                        KeyState::Pending => key.served_at.unwrap_or(now),
                        _ => key.since,
                    };
                    uptime - (now - since).max(Duration::ZERO)
                }
                _ => uptime,
            };
            seen.insert(key.kid.clone(), (phase, began));
        }
        self.seen = seen;
        self.begun = true;
    }

    /// Returns the time that the key has been in its phase; `None` if it was never observed.
    pub fn measured(&self, kid: &str) -> Option<Duration> {
        self.seen.get(kid).map(|(_, began)| self.uptime - *began)
    }
}
