//! The health of the database and the signing key, as the upkeep last saw it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The age from which a database read is too old, even without an error: the disk may hang.
const TOO_LONG: Duration = Duration::from_secs(5);

/// The last known state. A reader never waits for the database.
#[derive(Debug, Default)]
pub struct Health(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    database_read_at: Option<Instant>,
    database_failed: bool,
    keys_behind: bool,
    nothing_signs: bool,
}

/// The health at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HealthReport {
    /// The time since the last good read of the database.
    pub database_age: Option<Duration>,
    /// True if the last read of the database failed.
    pub database_failed: bool,
    /// True if the keys in use are older than those in the database.
    pub keys_behind: bool,
    /// True if no key signs: the active key was revoked, and its successor has no good file.
    pub nothing_signs: bool,
}

impl HealthReport {
    /// Returns true if the database was read a short time ago, and the last read was good.
    pub fn database_ok(&self) -> bool {
        !self.database_failed && self.database_age.is_some_and(|age| age < TOO_LONG)
    }
}

impl Health {
    /// Returns the health now.
    pub fn report(&self) -> HealthReport {
        let seen = self.seen();
        HealthReport {
            database_age: seen.database_read_at.map(|at| at.elapsed()),
            database_failed: seen.database_failed,
            keys_behind: seen.keys_behind,
            nothing_signs: seen.nothing_signs,
        }
    }

    pub(super) fn database_was_read(&self) {
        let mut seen = self.seen();
        seen.database_read_at = Some(Instant::now());
        seen.database_failed = false;
    }

    pub(super) fn database_failed(&self) {
        self.seen().database_failed = true;
    }

    /// Records if the keys in use are older than those in the database, and if none signs.
    pub(super) fn keys_were_read(&self, behind: bool, nothing_signs: bool) {
        let mut seen = self.seen();
        seen.keys_behind = behind;
        seen.nothing_signs = nothing_signs;
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
