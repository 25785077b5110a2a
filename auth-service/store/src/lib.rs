//! The database: what `domain` asks for in its ports, answered with diesel.
//!
//! One file for each subject, named as in `domain`. A change and the events that tell of it are
//! one transaction ([`Transaction`]); reads of more than one statement are one, too.

use std::sync::Arc;

use diesel::prelude::*;
use tokio::sync::watch;

use auth_domain::error::{StoreError, StoreResult};
use connection::AnyConnection;
use transaction::Transaction;

mod audit;
mod caller;
mod clients;
mod connection;
mod continuity;
mod creation;
mod directory;
mod failure;
mod feed;
mod file_identity;
mod first_start;
mod guards;
mod import;
pub mod instance_lock;
mod keys;
mod location;
mod login;
mod password_change;
mod pool;
mod refresh;
mod schema;
mod sessions;
mod transaction;
pub mod tutorial;
mod users;
mod values;
pub mod watcher;

#[cfg(test)]
mod tests;

pub use creation::{Existence, OpenError, make_folder};
pub use location::{Location, PostgresLocation};

/// A database that is open.
pub struct Database {
    location: Location,
    identity: Option<file_identity::FileIdentity>,
    connections: pool::Connections,
    position: watch::Sender<u64>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("location", &self.location).finish_non_exhaustive()
    }
}

impl Database {
    /// Opens a database and brings its tables up to date. A new one starts its feed at the time
    /// `now`, in microseconds, so that no position of another database fits it.
    pub fn open(
        location: &Location,
        existence: Existence,
        now: time::OffsetDateTime,
    ) -> Result<Arc<Self>, OpenError> {
        let opened = creation::open(location, existence, now)?;
        let position = watch::Sender::new(opened.position);
        let connections = pool::Connections::new(&opened.location);
        let creation::Opened { location, identity, .. } = opened;
        Ok(Arc::new(Self { location, identity, connections, position }))
    }

    /// Looks for damage, before anything is promised.
    pub fn check(&self) -> Result<(), OpenError> {
        creation::check(&self.location)
    }

    /// Tells the feed position whenever it has moved, through this process or (while a
    /// [`watcher::Watcher`] looks) another one.
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.position.subscribe()
    }

    /// Wakes everyone who waits for a change, if `position` is news.
    fn announce(&self, position: u64) {
        self.position.send_if_modified(|known| {
            let news = position > *known;
            *known = position.max(*known);
            news
        });
    }

    /// Runs `work` in one transaction that writes; its events are announced after the commit.
    fn write<T>(
        &self,
        work: impl FnOnce(&mut Transaction<'_>) -> QueryResult<T>,
    ) -> StoreResult<T> {
        self.try_write(work)?.map_err(failure::store_error)
    }

    /// [`Self::write`], with a unique value that is taken already as an inner error.
    fn try_write<T>(
        &self,
        work: impl FnOnce(&mut Transaction<'_>) -> QueryResult<T>,
    ) -> StoreResult<QueryResult<T>> {
        self.check_identity()?;
        let mut slot = self.connections.writer()?;
        let mut position = None;
        let done = slot.writing(|connection| {
            let mut transaction = Transaction::new(connection);
            let done = work(&mut transaction)?;
            position = transaction.position();
            Ok(done)
        });
        match &done {
            Ok(_) => position.into_iter().for_each(|position| self.announce(position)),
            Err(error) if failure::is_taken(error) => {}
            Err(_) => slot.distrust(),
        }
        Ok(done)
    }

    /// Runs `work` on one state of the database.
    fn read<T>(&self, work: impl FnOnce(&mut AnyConnection) -> QueryResult<T>) -> StoreResult<T> {
        self.check_identity()?;
        let mut slot = self.connections.reader()?;
        let done = slot.transaction(work);
        if done.is_err() {
            slot.distrust();
        }
        done.map_err(failure::store_error)
    }

    /// An open file lives on after it was deleted or replaced: what is written to it then is lost.
    fn check_identity(&self) -> StoreResult<()> {
        match (&self.location, self.identity) {
            (Location::Sqlite(file), Some(identity)) if !identity.is_still(file) => {
                let line = "the database file was moved, replaced or deleted";
                Err(StoreError::Unavailable(line.into()))
            }
            _ => Ok(()),
        }
    }
}
