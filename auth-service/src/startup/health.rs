//! The health of the database and the signing key, as the management listener reports it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use signet_service::management::{Part, Readiness};

/// The age from which a database read is too old, even without an error: the disk may hang.
const TOO_LONG: Duration = Duration::from_secs(5);

/// The last known state. A reader never waits for the database.
#[derive(Debug, Default)]
pub(super) struct Health {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default, Clone)]
struct Seen {
    database_read_at: Option<Instant>,
    database_failed: bool,
    keys_behind: bool,
}

impl Health {
    fn change(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn database_was_read(&self, at: Instant) {
        self.change(|seen| {
            seen.database_read_at = Some(at);
            seen.database_failed = false;
        });
    }

    pub(super) fn database_failed(&self) {
        self.change(|seen| seen.database_failed = true);
    }

    /// Records if the keys in use are older than those in the database.
    pub(super) fn keys_are_behind(&self, behind: bool) {
        self.change(|seen| seen.keys_behind = behind);
    }
}

impl Readiness for Health {
    fn parts(&self) -> BTreeMap<&'static str, Part> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let age = seen.database_read_at.map(|at| at.elapsed());
        let database = Part {
            ok: !seen.database_failed && age.is_some_and(|age| age < TOO_LONG),
            age_seconds: age.map(|age| age.as_secs_f64()),
            detail: seen.database_failed.then(|| "it can't be read; see the log".to_owned()),
        };
        let behind = "the active key has no good file, so the last good one signs; see the log";
        let signing_key = Part {
            // The last good key is published, so its tokens are valid.
            ok: true,
            age_seconds: None,
            detail: seen.keys_behind.then(|| behind.to_owned()),
        };
        BTreeMap::from([("database", database), ("signing_key", signing_key)])
    }
}
