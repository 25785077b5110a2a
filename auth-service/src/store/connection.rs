//! One connection, to whichever database the URL names, and the few statements that databases
//! spell differently. Every query above this file is written once for all of them.

use std::path::Path;
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

/// A connection. One variant for each kind of database.
#[derive(diesel::MultiConnection)]
pub(super) enum AnyConnection {
    /// A file of this machine.
    Sqlite(SqliteConnection),
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The one writer.
    Write,
    /// One of the readers: it refuses to write.
    Read,
}

#[derive(QueryableByName)]
struct DataVersion {
    #[diesel(sql_type = BigInt)]
    data_version: i64,
}

#[derive(QueryableByName)]
struct Synchronous {
    #[diesel(sql_type = BigInt)]
    synchronous: i64,
}

#[derive(QueryableByName)]
struct QuickCheck {
    #[diesel(sql_type = diesel::sql_types::Text)]
    quick_check: String,
}

/// `PRAGMA synchronous` of FULL: a commit that was answered survives a power cut.
const FULL: i64 = 2;

impl AnyConnection {
    /// Opens an existing `SQLite` file; never creates one.
    pub(super) fn sqlite(file: &Path, purpose: Purpose, busy: Duration) -> ConnectionResult<Self> {
        let mut url = url::Url::from_file_path(file)
            .map_err(|()| ConnectionError::InvalidConnectionUrl("not an absolute path".into()))?;
        // Without it, SQLite would make an empty database where the file has gone.
        url.set_query(Some("mode=rw"));
        let mut connection = SqliteConnection::establish(url.as_str())?;
        connection
            .batch_execute(&format!("PRAGMA busy_timeout = {}", busy.as_millis()))
            .and_then(|()| connection.batch_execute(pragmas(purpose)))
            .and_then(|()| check_synchronous(&mut connection))
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(Self::Sqlite(connection))
    }

    /// Begins a transaction that writes: at once, so that it never fails half-way because another
    /// one wrote in between.
    fn begin_writing(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(connection) => {
                AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN IMMEDIATE")
            }
        }
    }

    /// Runs `work` in a transaction that writes; rolls it back if it fails.
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

    /// What is structurally wrong with the database, if anything is.
    pub(super) fn damage(&mut self) -> QueryResult<Option<String>> {
        match self {
            Self::Sqlite(connection) => {
                let found = diesel::sql_query("PRAGMA quick_check(1)")
                    .get_result::<QuickCheck>(connection)?;
                Ok(Some(found.quick_check).filter(|found| found != "ok"))
            }
        }
    }

    /// A number that changes when another connection, of this process or another, has committed.
    pub(super) fn commits_of_others(&mut self) -> QueryResult<i64> {
        match self {
            Self::Sqlite(connection) => diesel::sql_query("PRAGMA data_version")
                .get_result::<DataVersion>(connection)
                .map(|row| row.data_version),
        }
    }
}

fn pragmas(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Write => {
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON"
        }
        Purpose::Read => "PRAGMA synchronous = FULL; PRAGMA query_only = ON",
    }
}

/// A library may be built with another default, and a pragma that is not understood is silent.
fn check_synchronous(connection: &mut SqliteConnection) -> QueryResult<()> {
    let found = diesel::sql_query("PRAGMA synchronous").get_result::<Synchronous>(connection)?;
    if found.synchronous < FULL {
        return Err(diesel::result::Error::QueryBuilderError(
            "this SQLite does not take `synchronous = FULL`".into(),
        ));
    }
    Ok(())
}
