//! A connection to either kind of database, and the few statements that differ between them. All
//! other queries are written once, except the row locks in `login.rs`, `refresh.rs` and `users.rs`.

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::prelude::*;

use super::location::Location;
use super::pool::FREE_LOCK;
use super::schema::feed_position;

pub(super) mod pooler;
pub(super) mod postgres;
pub(super) mod sqlite;

/// A connection. One variant for each kind of database.
#[derive(diesel::MultiConnection)]
pub(super) enum AnyConnection {
    /// A file on this machine.
    Sqlite(SqliteConnection),
    /// A session at a server.
    Postgres(PgConnection),
}

/// The purpose of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A writer.
    Write,
    /// A reader: it refuses to write.
    Read,
}

/// An advisory lock for a decision that depends on more than one row. One transaction holds it at a
/// time. The order of locks is advisory, row, feed, which prevents deadlocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AdvisoryLock {
    /// Creating the tables.
    Migrations = 1,
    /// Ending accounts, and pruning the data that they left: one admin stays.
    Accounts = 2,
    /// Changing keys: one signs, and the number of published keys is limited.
    Keys = 3,
    /// Recording the first start.
    FirstStart = 4,
}

impl AnyConnection {
    /// Opens an existing database; never creates one.
    pub(super) fn open(location: &Location, purpose: Purpose) -> ConnectionResult<Self> {
        match location {
            Location::Sqlite(file) => sqlite::open(file, purpose, FREE_LOCK).map(Self::Sqlite),
            Location::Postgres(server) => postgres::open(server, purpose).map(Self::Postgres),
        }
    }

    /// Begins a write transaction. With `SQLite` it takes the write lock at once, so that it never
    /// fails half-way because of another write in between.
    pub(super) fn begin_writing(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(connection) => {
                AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN IMMEDIATE")
            }
            Self::Postgres(connection) => {
                AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN")
            }
        }
    }

    /// Commits the transaction that [`Self::begin_writing`] began.
    pub(super) fn commit_writing(&mut self) -> QueryResult<()> {
        <Self as diesel::Connection>::TransactionManager::commit_transaction(self)
    }

    /// Runs `work` in a write transaction and rolls it back if it fails. A commit with an unknown
    /// outcome, because the connection broke, is an error.
    pub(super) fn writing<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> QueryResult<T>,
    ) -> QueryResult<T> {
        self.begin_writing()?;
        match work(self) {
            Ok(done) => {
                self.commit_writing()?;
                Ok(done)
            }
            Err(error) => {
                // Return the first error. The pool drops a connection that can't even roll back.
                let _ =
                    <Self as diesel::Connection>::TransactionManager::rollback_transaction(self);
                Err(error)
            }
        }
    }

    /// Waits for an advisory lock and holds it until this transaction ends.
    pub(super) fn lock(&mut self, lock: AdvisoryLock) -> QueryResult<()> {
        match self {
            // The one writer holds the whole database.
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(connection) => postgres::lock_advisory(connection, lock),
        }
    }

    /// Waits for [`AdvisoryLock::Migrations`] for as long as another process may take to migrate.
    pub(super) fn lock_for_migrations(&mut self) -> QueryResult<()> {
        self.extend_time_limits()?;
        self.lock(AdvisoryLock::Migrations)
    }

    /// Removes the time limit on statements for the rest of this transaction. A file has no such
    /// limit.
    pub(super) fn extend_time_limits(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(connection) => postgres::extend_time_limits(connection),
        }
    }

    /// Prepares the connection for transactions that change thousands of pages. `alone`: no server
    /// uses the database.
    pub(super) fn expect_large_writes(&mut self, alone: bool) -> QueryResult<()> {
        match self {
            Self::Sqlite(connection) => sqlite::expect_large_writes(connection, alone),
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Raises the feed position by `count` and returns the new one. Its row stays locked.
    pub(super) fn advance_position(&mut self, count: i64) -> QueryResult<i64> {
        match self {
            Self::Sqlite(connection) => {
                diesel::update(feed_position::table)
                    .set(feed_position::seq.eq(feed_position::seq + count))
                    .execute(connection)?;
                feed_position::table.select(feed_position::seq).get_result(connection)
            }
            Self::Postgres(connection) => postgres::advance_position(connection, count),
        }
    }

    /// Notifies other processes of this transaction after its commit. A process that watches a file
    /// detects the commit itself.
    pub(super) fn notify(&mut self, keys: bool) -> QueryResult<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(connection) => postgres::notify(connection, keys),
        }
    }

    /// Fails if the connection no longer works. A file does not disconnect.
    pub(super) fn ping(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(connection) => postgres::ping(connection),
        }
    }

    /// Returns true if the database holds Signet's tables.
    pub(super) fn holds_tables(&mut self) -> QueryResult<bool> {
        match self {
            Self::Sqlite(connection) => sqlite::holds_tables(connection),
            Self::Postgres(connection) => postgres::holds_tables(connection),
        }
    }

    /// Returns the fault of an encoding that can't hold every text.
    pub(super) fn encoding_fault(&mut self) -> QueryResult<Option<String>> {
        match self {
            Self::Sqlite(_) => Ok(None),
            Self::Postgres(connection) => {
                let encoding = postgres::encoding(connection)?;
                let line = format!("its encoding is {encoding}; make it with ENCODING 'UTF8'");
                Ok(Some(line).filter(|_| encoding != "UTF8"))
            }
        }
    }

    /// Returns true if a server recorded that it serves this database. A file's note is beside it.
    pub(super) fn was_served(&mut self) -> QueryResult<bool> {
        match self {
            Self::Sqlite(_) => Ok(false),
            Self::Postgres(connection) => postgres::was_served(connection),
        }
    }

    /// Records that a server serves this database.
    pub(super) fn note_served(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(connection) => postgres::note_served(connection),
        }
    }

    /// Returns the structural damage of the database, if any. Only a file is checked.
    pub(super) fn damage(&mut self) -> QueryResult<Option<String>> {
        match self {
            Self::Sqlite(connection) => sqlite::damage(connection),
            Self::Postgres(_) => Ok(None),
        }
    }
}
