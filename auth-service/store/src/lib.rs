//! The database of the issuer, by diesel, on `SQLite` and `PostgreSQL`.
//!
//! One file for each subject, named as in `domain`. One transaction ([`Transaction`]) holds a
//! change and its events. A read of several statements is also one transaction.

use std::sync::{Arc, Mutex, OnceLock};

use diesel::prelude::*;
use signet_files::file_identity::FileIdentity;
use tokio::sync::watch;

use connection::AnyConnection;
use restore_detection::Progress;
use transaction::Transaction;

/// Declares a tuple of columns, as a value and as its type: a column of diesel is a unit struct.
macro_rules! columns {
    ($(#[$doc:meta])* $visibility:vis const $value:ident: $type:ident = $columns:tt;) => {
        $(#[$doc])*
        $visibility const $value: $type = $columns;

        type $type = $columns;
    };
}

mod audit;
mod bulk;
mod caller;
mod clients;
mod connection;
mod creation;
mod directory;
mod error;
mod failure;
mod feed;
mod first_start;
mod group;
mod guards;
mod import;
pub mod instance_lock;
mod keys;
mod location;
mod login;
mod password_change;
mod pool;
mod refresh;
mod restore_detection;
mod schema;
mod sessions;
mod transaction;
pub mod tutorial;
mod users;
mod values;
pub mod watcher;

#[cfg(test)]
mod tests;

pub use creation::{Existence, OpenError, inspect, make_folder};
pub use error::{StoreError, StoreResult};
pub use location::{Location, PostgresLocation};
pub use pool::PoolReport;

/// An open database.
pub struct Store {
    location: Location,
    identity: Option<FileIdentity>,
    connections: pool::Connections,
    position: watch::Sender<u64>,
    /// The progress in the last note of the served file.
    noted: Mutex<Option<Progress>>,
    steps: OnceLock<Box<dyn Steps>>,
}

/// Carries out the uses of a database. A test implements it to end a process at any of them.
pub trait Steps: Send + Sync {
    /// Carries out one read or one transaction by calling `work`.
    fn take(&self, work: &mut dyn FnMut() -> StoreResult<()>) -> StoreResult<()>;
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("location", &self.location).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens a database and applies pending migrations. A new database starts its feed at the
    /// position `now`, in microseconds, so no position of another database is valid in it.
    pub fn open(
        location: &Location,
        existence: Existence,
        now: time::OffsetDateTime,
    ) -> Result<Arc<Self>, OpenError> {
        let opened = creation::open(location, existence, now)?;
        let position = watch::Sender::new(opened.position);
        let connections = pool::Connections::new(&opened.location);
        let creation::Opened { location, identity, .. } = opened;
        let (noted, steps) = (Mutex::default(), OnceLock::new());
        let store = Arc::new(Self { location, identity, connections, position, noted, steps });
        store.notice_restore().map_err(|error| OpenError::Note(error.to_string()))?;
        Ok(store)
    }

    /// Returns a receiver of the feed position. It reports each advance by this process and, while
    /// a [`watcher::Watcher`] looks, by other processes.
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.position.subscribe()
    }

    /// Returns the state of the connection pools. It does not use the database.
    pub fn pools(&self) -> [PoolReport; 2] {
        self.connections.reports()
    }

    /// Carries out every later use of the database in these steps, for tests of crashes. Only the
    /// first call has an effect.
    pub fn intercept(&self, steps: Box<dyn Steps>) {
        let _ = self.steps.set(steps);
    }

    /// Runs one read or one transaction.
    fn step<T>(&self, work: impl FnOnce() -> StoreResult<T>) -> StoreResult<T> {
        let Some(steps) = self.steps.get() else { return work() };
        let (mut work, mut done) = (Some(work), None);
        steps.take(&mut || {
            done = work.take().map(|work| work()).transpose()?;
            Ok(())
        })?;
        done.ok_or_else(|| StoreError::Failed("a step did not run".into()))
    }

    /// Wakes all receivers of [`Self::changed`] if `position` is later than the known one.
    fn announce(&self, position: u64) {
        self.position.send_if_modified(|known| {
            let later = position > *known;
            *known = position.max(*known);
            later
        });
    }

    /// Runs `work` in one write transaction. Announces its events after the commit.
    fn write<T>(
        &self,
        work: impl FnOnce(&mut Transaction<'_>) -> QueryResult<T>,
    ) -> StoreResult<T> {
        self.try_write(work)?.map_err(failure::store_error)
    }

    /// Runs `work` as [`Self::write`] does, with its error (such as a taken unique value) unmapped.
    fn try_write<T>(
        &self,
        work: impl FnOnce(&mut Transaction<'_>) -> QueryResult<T>,
    ) -> StoreResult<QueryResult<T>> {
        self.step(|| self.write_now(work))
    }

    fn write_now<T>(
        &self,
        work: impl FnOnce(&mut Transaction<'_>) -> QueryResult<T>,
    ) -> StoreResult<QueryResult<T>> {
        self.check_identity()?;
        let mut slot = self.connections.writer()?;
        self.end_open_group(&mut slot)?;
        let done = slot.writing(|connection| Transaction::run(connection, work));
        match &done {
            Ok((_, position)) => position.iter().for_each(|position| self.announce(*position)),
            Err(error) if failure::is_taken(error) => {}
            Err(_) => slot.mark_broken(),
        }
        Ok(done.map(|(done, _)| done))
    }

    /// Runs `work` on one state of the database.
    fn read<T>(&self, work: impl FnOnce(&mut AnyConnection) -> QueryResult<T>) -> StoreResult<T> {
        self.step(|| {
            self.check_identity()?;
            let mut slot = self.connections.reader()?;
            let done = slot.transaction(work);
            if done.is_err() {
                slot.mark_broken();
            }
            done.map_err(failure::store_error)
        })
    }

    /// Runs `batch` in one transaction after another until it deletes no row, so that other writers
    /// get their turn. Returns the number of rows deleted.
    fn prune(
        &self,
        batch: impl Fn(&mut Transaction<'_>) -> QueryResult<usize>,
    ) -> StoreResult<usize> {
        let mut pruned = 0;
        loop {
            match self.write(&batch)? {
                0 => return Ok(pruned),
                rows => pruned += rows,
            }
        }
    }

    /// Fails if the open file was moved, replaced or deleted: writes to it would be lost.
    fn check_identity(&self) -> StoreResult<()> {
        match (&self.location, self.identity) {
            (Location::Sqlite(file), Some(identity)) if !identity.matches(file) => {
                let line = "the database file was moved, replaced or deleted";
                Err(StoreError::Unavailable(line.into()))
            }
            _ => Ok(()),
        }
    }
}
