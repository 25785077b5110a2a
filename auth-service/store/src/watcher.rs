//! Detects commits of other processes: an operator's command beside the server, or another
//! instance.
//!
//! `SQLite` has a number that changes with each commit. `PostgreSQL` notifies its listeners. In
//! case that fails, the position is also read at an interval.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Store;
use super::connection::{AnyConnection, Purpose, postgres, sqlite};
use super::failure::store_error;
use super::location::Location;
use super::transaction::read_position;
use crate::error::{StoreError, StoreResult};

/// The interval between looks at a file. A command's change is noticed within this time.
const FILE_INTERVAL: Duration = Duration::from_millis(250);

/// The interval between looks at a session. A look makes no query: it reads what has arrived.
const SESSION_INTERVAL: Duration = Duration::from_millis(20);

/// The interval between reads of the position without a notification.
const SLOW_POLL: Duration = Duration::from_secs(1);

/// A watch on one database. It blocks: call it only where blocking is allowed.
pub struct Watcher {
    store: Arc<Store>,
    connection: Option<AnyConnection>,
    /// The number of the last commit seen, with `SQLite`.
    seen: i64,
    read_at: Option<Instant>,
    slow_poll: Duration,
}

impl Watcher {
    /// Returns a watch that has seen no commit yet.
    pub fn new(store: Arc<Store>) -> Self {
        Self { store, connection: None, seen: 0, read_at: None, slow_poll: SLOW_POLL }
    }

    /// Returns a watch that relies on notifications alone.
    #[cfg(test)]
    pub(super) fn without_slow_poll(store: Arc<Store>) -> Self {
        Self { slow_poll: Duration::MAX, ..Self::new(store) }
    }

    /// Returns the interval between looks.
    pub fn interval(&self) -> Duration {
        match self.store.location {
            Location::Sqlite(_) => FILE_INTERVAL,
            Location::Postgres(_) => SESSION_INTERVAL,
        }
    }

    /// Returns true if the keys may have changed since the last look. Wakes the tasks that wait for
    /// the feed if its position has advanced.
    ///
    /// # Errors
    ///
    /// Fails if the database can't be read. The next look opens it again.
    pub fn look(&mut self) -> StoreResult<bool> {
        let looked = self.try_look();
        if looked.is_err() {
            self.connection = None;
        }
        looked
    }

    fn try_look(&mut self) -> StoreResult<bool> {
        self.store.check_identity()?;
        let first = self.connection.is_none();
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(open(&self.store.location)?),
        };
        let (read, keys) = match connection {
            AnyConnection::Sqlite(file) => {
                let version = sqlite::commits_of_others(file).map_err(store_error)?;
                let changed = version != self.seen;
                self.seen = version;
                (true, changed)
            }
            AnyConnection::Postgres(session) => {
                let arrived = postgres::notifications(session).map_err(store_error)?;
                let due = self.read_at.is_none_or(|at| at.elapsed() >= self.slow_poll);
                (first || arrived.any || due, first || arrived.keys)
            }
        };
        if read {
            self.store.announce(read_position(connection).map_err(store_error)?);
            self.read_at = Some(Instant::now());
        }
        Ok(keys)
    }
}

/// Opens a connection. It listens before the first look, so that no commit is missed in between.
fn open(location: &Location) -> StoreResult<AnyConnection> {
    let mut connection = AnyConnection::open(location, Purpose::Read)
        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
    if let AnyConnection::Postgres(session) = &mut connection {
        postgres::listen(session).map_err(store_error)?;
    }
    Ok(connection)
}
