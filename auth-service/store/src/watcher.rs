//! Notices what other processes commit: a command that an operator runs beside the server, another
//! instance.
//!
//! `SQLite` has a number that changes with each commit. `PostgreSQL` tells those who listen; in case
//! that fails, the position is read now and then, too.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Database;
use super::connection::{AnyConnection, Purpose, postgres, sqlite};
use super::failure::store_error;
use super::location::Location;
use super::transaction::read_position;
use auth_domain::error::{StoreError, StoreResult};

/// How often to look at a file. A command's change is noticed within this time.
const FILE_INTERVAL: Duration = Duration::from_millis(250);

/// How often to look at a session: no query is made for it, only what has arrived is read.
const SESSION_INTERVAL: Duration = Duration::from_millis(20);

/// How often the position is read where nothing was told.
const SLOW_POLL: Duration = Duration::from_secs(1);

/// A watch on one database. It blocks: call it where that is allowed.
pub struct Watcher {
    database: Arc<Database>,
    connection: Option<AnyConnection>,
    /// The number of the last commit that was seen, with `SQLite`.
    seen: i64,
    read_at: Option<Instant>,
    slow_poll: Duration,
}

impl Watcher {
    /// A watch that has seen nothing yet.
    pub fn new(database: Arc<Database>) -> Self {
        Self { database, connection: None, seen: 0, read_at: None, slow_poll: SLOW_POLL }
    }

    /// A watch that learns from what it is told alone.
    #[cfg(test)]
    pub(super) fn without_slow_poll(database: Arc<Database>) -> Self {
        Self { slow_poll: Duration::MAX, ..Self::new(database) }
    }

    /// How often to look.
    pub fn interval(&self) -> Duration {
        match self.database.location {
            Location::Sqlite(_) => FILE_INTERVAL,
            Location::Postgres(_) => SESSION_INTERVAL,
        }
    }

    /// Whether the keys may have changed since the last look; wakes those who wait for the feed if
    /// that has moved.
    ///
    /// # Errors
    ///
    /// The database can't be read; the next look opens it again.
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

/// Listening begins before the first look, so that nothing falls between.
fn open(location: &Location) -> StoreResult<AnyConnection> {
    let mut connection = AnyConnection::open(location, Purpose::Read)
        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
    if let AnyConnection::Postgres(session) = &mut connection {
        postgres::listen(session).map_err(store_error)?;
    }
    Ok(connection)
}
