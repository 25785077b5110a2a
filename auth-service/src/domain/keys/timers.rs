//! What a process has measured itself, with a clock that nobody sets: how long a key has been what
//! it is. A wall clock that leaps ahead ends no lead and retires no key before its time.

use std::collections::HashMap;

use time::Duration;

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
    /// The phase of each key, and when it was seen to begin; none if it began before this process.
    seen: HashMap<String, (Phase, Option<Duration>)>,
    begun: bool,
    uptime: Duration,
}

impl Timers {
    /// Takes note of the keys as they are after `uptime`, the time that this process has run.
    pub fn observe(&mut self, keys: &[Key], uptime: Duration) {
        self.uptime = uptime;
        let mut seen = HashMap::with_capacity(keys.len());
        for key in keys {
            let phase = Phase::of(key);
            let began = match self.seen.get(&key.kid) {
                Some((known, began)) if *known == phase => *began,
                // The first look can't tell since when.
                None if !self.begun => None,
                _ => Some(uptime),
            };
            seen.insert(key.kid.clone(), (phase, began));
        }
        self.seen = seen;
        self.begun = true;
    }

    /// How long the key has been what it is, if this process saw it become so.
    pub fn measured(&self, kid: &str) -> Option<Duration> {
        let (_, began) = self.seen.get(kid)?;
        began.map(|began| self.uptime - began)
    }
}
