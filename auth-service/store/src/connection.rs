//! One connection, to whichever database is meant, and the few statements that databases spell
//! differently. Every query above this is written once for all of them, but for the row locks in
//! `login.rs` and `users.rs`.

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::prelude::*;

use super::location::Location;
use super::pool::FREE_LOCK;
use super::schema::feed_position;

pub(super) mod postgres;
pub(super) mod sqlite;

/// A connection. One variant for each kind of database.
#[derive(diesel::MultiConnection)]
pub(super) enum AnyConnection {
    /// A file of this machine.
    Sqlite(SqliteConnection),
    /// A session at a server.
    Postgres(PgConnection),
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A writer.
    Write,
    /// A reader: it refuses to write.
    Read,
}

/// What only one transaction at a time does, because it judges by more than one row. Taken before
/// any row is locked: turn, row, feed, so that nobody waits in a circle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Making the tables.
    Migrations = 1,
    /// Ending accounts, and forgetting what they left: one admin stays.
    Accounts = 2,
    /// Changing keys: one signs, and not too many are published.
    Keys = 3,
    /// Noting the first start.
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

    /// Begins a transaction that writes: with `SQLite` at once, so that it never fails half-way
    /// because another one wrote in between.
    fn begin_writing(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(connection) => {
                AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN IMMEDIATE")
            }
            Self::Postgres(connection) => {
                AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN")
            }
        }
    }

    /// Runs `work` in a transaction that writes; rolls it back if it fails. A commit whose outcome
    /// is unknown, because the connection broke, is an error.
    pub(super) fn writing<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> QueryResult<T>,
    ) -> QueryResult<T> {
        self.begin_writing()?;
        match work(self) {
            Ok(done) => {
                <Self as diesel::Connection>::TransactionManager::commit_transaction(self)?;
                Ok(done)
            }
            Err(error) => {
                // The first error is the one to tell; a connection that can't even roll back is
                // dropped by its pool.
                let _ =
                    <Self as diesel::Connection>::TransactionManager::rollback_transaction(self);
                Err(error)
            }
        }
    }

    /// Waits until no other transaction has this turn, and keeps it until this one ends.
    pub(super) fn take_turn(&mut self, turn: Turn) -> QueryResult<()> {
        match self {
            // The one writer holds the whole database.
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(connection) => postgres::take_turn(connection, turn),
        }
    }

    /// Waits for others at [`Turn::Migrations`] for as long as that may take.
    pub(super) fn take_turn_to_migrate(&mut self) -> QueryResult<()> {
        self.be_patient()?;
        self.take_turn(Turn::Migrations)
    }

    /// For the rest of this transaction, lets a statement take as long as it takes. A file has no
    /// such limit.
    pub(super) fn be_patient(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(connection) => postgres::be_patient(connection),
        }
    }

    /// Raises the feed position by `count`; gives the new one. Its row is locked from then on.
    pub(super) fn draw(&mut self, count: i64) -> QueryResult<i64> {
        match self {
            Self::Sqlite(connection) => {
                diesel::update(feed_position::table)
                    .set(feed_position::seq.eq(feed_position::seq + count))
                    .execute(connection)?;
                feed_position::table.select(feed_position::seq).first(connection)
            }
            Self::Postgres(connection) => postgres::draw(connection, count),
        }
    }

    /// Tells other processes of this transaction, once it is committed; those that watch a file
    /// see it by themselves.
    pub(super) fn notify(&mut self, keys: bool) -> QueryResult<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(connection) => postgres::notify(connection, keys),
        }
    }

    /// Whether the connection still works. A file can't hang up.
    pub(super) fn answers(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(connection) => postgres::answers(connection),
        }
    }

    /// Whether there is a database of Signet's, and why it can't be one.
    pub(super) fn holds_tables(&mut self) -> QueryResult<bool> {
        match self {
            Self::Sqlite(_) => Ok(true),
            Self::Postgres(connection) => postgres::holds_tables(connection),
        }
    }

    /// Why the database can't hold every text, if it can't.
    pub(super) fn unfit(&mut self) -> QueryResult<Option<String>> {
        match self {
            Self::Sqlite(_) => Ok(None),
            Self::Postgres(connection) => {
                let encoding = postgres::encoding(connection)?;
                let line = format!("its encoding is {encoding}; make it with ENCODING 'UTF8'");
                Ok(Some(line).filter(|_| encoding != "UTF8"))
            }
        }
    }

    /// Whether a server noted that it serves this database. A file's note lies beside it.
    pub(super) fn was_served(&mut self) -> QueryResult<bool> {
        match self {
            Self::Sqlite(_) => Ok(false),
            Self::Postgres(connection) => postgres::was_served(connection),
        }
    }

    /// Notes that a server serves this database.
    pub(super) fn note_served(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(connection) => postgres::note_served(connection),
        }
    }

    /// What is structurally wrong with the database, if that can be looked for here.
    pub(super) fn damage(&mut self) -> QueryResult<Option<String>> {
        match self {
            Self::Sqlite(connection) => sqlite::damage(connection),
            Self::Postgres(_) => Ok(None),
        }
    }
}
