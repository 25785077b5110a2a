//! Notices what other processes commit: a command that an operator runs beside the server.

use std::sync::Arc;
use std::time::Duration;

use super::Database;
use super::connection::{AnyConnection, Purpose};
use super::failure::store_error;
use super::transaction::read_position;
use crate::domain::error::{StoreError, StoreResult};

/// How often to look. A command's change is noticed within this time.
pub const INTERVAL: Duration = Duration::from_millis(250);

/// A watch on one database. It blocks: call it where that is allowed.
pub struct Watcher {
    database: Arc<Database>,
    connection: Option<AnyConnection>,
    seen: i64,
}

impl Watcher {
    /// A watch that has seen nothing yet.
    pub fn new(database: Arc<Database>) -> Self {
        Self { database, connection: None, seen: 0 }
    }

    /// Whether anything was committed since the last look; wakes those who wait for the feed.
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
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(
                AnyConnection::sqlite(&self.database.file, Purpose::Read, INTERVAL)
                    .map_err(|error| StoreError::Unavailable(error.to_string()))?,
            ),
        };
        let version = connection.commits_of_others().map_err(store_error)?;
        let position = read_position(connection).map_err(store_error)?;
        self.database.announce(position);
        let news = version != self.seen;
        self.seen = version;
        Ok(news)
    }
}
