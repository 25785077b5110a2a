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
    database: Arc<Store>,
    connection: Option<AnyConnection>,
    /// The number of the last commit seen, with `SQLite`.
    seen: i64,
    read_at: Option<Instant>,
    slow_poll: Duration,
}

impl Watcher {
    /// Returns a watch that has seen no commit yet.
    pub fn new(database: Arc<Store>) -> Self {
        Self { database, connection: None, seen: 0, read_at: None, slow_poll: SLOW_POLL }
    }

    /// Returns a watch that relies on notifications alone.
    #[cfg(test)]
    pub(super) fn without_slow_poll(database: Arc<Store>) -> Self {
        Self { slow_poll: Duration::MAX, ..Self::new(database) }
    }

    /// Returns the interval between looks.
    pub fn interval(&self) -> Duration {
        match self.database.location {
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
        self.database.check_identity()?;
        let begins = self.connection.is_none();
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(open(&self.database.location)?),
        };
        let (read, keys) = match connection {
            AnyConnection::Sqlite(file) => {
                let version = sqlite::commits_of_others(file).map_err(store_error)?;
                let news = version != self.seen;
                self.seen = version;
                (true, news)
            }
            AnyConnection::Postgres(session) => {
                let heard = postgres::heard(session).map_err(store_error)?;
                let due = self.read_at.is_none_or(|at| at.elapsed() >= self.slow_poll);
                (begins || heard.anything || due, begins || heard.keys)
            }
        };
        if read {
            self.database.announce(read_position(connection).map_err(store_error)?);
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
