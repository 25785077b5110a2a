//! `SQLite`: how a file is opened, and what only `SQLite` is asked.

use std::path::Path;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::super::failure::is_locked;
use super::super::users::search::teach_small_letters;
use super::Purpose;

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

/// Opens an existing file; never creates one.
pub(super) fn open(
    file: &Path,
    purpose: Purpose,
    busy: Duration,
) -> ConnectionResult<SqliteConnection> {
    let mut url = url::Url::from_file_path(file)
        .map_err(|()| ConnectionError::InvalidConnectionUrl("not an absolute path".into()))?;
    // Without it, SQLite would make an empty database where the file has gone.
    url.set_query(Some("mode=rw"));
    let mut connection = SqliteConnection::establish(url.as_str())?;
    connection
        .batch_execute(&format!("PRAGMA busy_timeout = {}", busy.as_millis()))
        .and_then(|()| match purpose {
            Purpose::Write => {
                switch_to_wal(&mut connection, busy)?;
                connection.batch_execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")
            }
            Purpose::Read => {
                teach_small_letters(&mut connection)?;
                connection.batch_execute("PRAGMA synchronous = FULL; PRAGMA query_only = ON")
            }
        })
        .and_then(|()| check_synchronous(&mut connection))
        .map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}

/// Two processes that switch a new file at once would each wait for the other: `SQLite` refuses one
/// of them without waiting. That one waits for a turn to write instead, and looks again.
fn switch_to_wal(connection: &mut SqliteConnection, busy: Duration) -> QueryResult<()> {
    let began = Instant::now();
    loop {
        match connection.batch_execute("PRAGMA journal_mode = WAL") {
            Err(error) if is_locked(&error) && began.elapsed() < busy => {
                connection.batch_execute("BEGIN IMMEDIATE; COMMIT")?;
            }
            switched => return switched,
        }
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

/// What is structurally wrong with the file, if anything is.
pub(super) fn damage(connection: &mut SqliteConnection) -> QueryResult<Option<String>> {
    let found = diesel::sql_query("PRAGMA quick_check(1)").get_result::<QuickCheck>(connection)?;
    Ok(Some(found.quick_check).filter(|found| found != "ok"))
}

/// A number that changes when another connection, of this process or another, has committed.
pub(in super::super) fn commits_of_others(connection: &mut SqliteConnection) -> QueryResult<i64> {
    diesel::sql_query("PRAGMA data_version")
        .get_result::<DataVersion>(connection)
        .map(|row| row.data_version)
}
