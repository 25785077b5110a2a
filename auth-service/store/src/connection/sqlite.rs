//! `SQLite`: opens files and runs the statements that only `SQLite` has.

use std::path::Path;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::super::failure::is_locked;
use super::super::users::search::register_lower;
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

#[derive(QueryableByName)]
struct Tables {
    #[diesel(sql_type = BigInt)]
    tables: i64,
}

/// `secure_delete` overwrites deleted rows, so that a deleted user's data leaves the file.
/// `temp_store`: a savepoint, and a statement about many rows, keep the earlier state of each page until
/// their end. An image without a folder for temporary files could not write it to one.
const WRITER: &str = "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
    PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY";

/// The value of `PRAGMA synchronous` for FULL: a confirmed commit survives a power cut.
const FULL: i64 = 2;

/// Opens an existing file; never creates one.
pub(super) fn open(
    file: &Path,
    purpose: Purpose,
    busy: Duration,
) -> ConnectionResult<SqliteConnection> {
    let mut url = url::Url::from_file_path(file)
        .map_err(|()| ConnectionError::InvalidConnectionUrl("not an absolute path".into()))?;
    // Without it, SQLite would create an empty database if the file is missing.
    url.set_query(Some("mode=rw"));
    let mut connection = SqliteConnection::establish(url.as_str())?;
    connection
        .batch_execute(&format!("PRAGMA busy_timeout = {}", busy.as_millis()))
        .and_then(|()| match purpose {
            Purpose::Write => {
                switch_to_wal(&mut connection, busy)?;
                connection.batch_execute(WRITER)
            }
            Purpose::Read => {
                register_lower(&mut connection)?;
                connection.batch_execute("PRAGMA synchronous = FULL; PRAGMA query_only = ON")
            }
        })
        .and_then(|()| check_synchronous(&mut connection))
        .map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}

/// Switches to WAL. Two processes that switch a new file at once would wait for each other, so
/// `SQLite` refuses one of them at once. That one waits for the write lock and tries again.
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

/// Checks for FULL: a library may have another default, and it ignores an unknown pragma.
fn check_synchronous(connection: &mut SqliteConnection) -> QueryResult<()> {
    let found = diesel::sql_query("PRAGMA synchronous").get_result::<Synchronous>(connection)?;
    if found.synchronous < FULL {
        return Err(diesel::result::Error::QueryBuilderError(
            "this SQLite does not take `synchronous = FULL`".into(),
        ));
    }
    Ok(())
}

/// Prepares the connection for transactions that change thousands of pages. Changed pages beyond the
/// cache are written twice. `alone`: no server uses the file, so that the log may get long.
pub(super) fn expect_large_writes(
    connection: &mut SqliteConnection,
    alone: bool,
) -> QueryResult<()> {
    // In KiB and in pages of 4 KiB. The defaults are 2 MiB and 1000 pages.
    let (cache, checkpoint) = if alone { (262_144, 65_536) } else { (65_536, 1_000) };
    connection.batch_execute(&format!(
        "PRAGMA cache_size = -{cache}; PRAGMA wal_autocheckpoint = {checkpoint}"
    ))
}

/// Returns the structural damage of the file, if any.
pub(super) fn damage(connection: &mut SqliteConnection) -> QueryResult<Option<String>> {
    let found = diesel::sql_query("PRAGMA quick_check(1)").get_result::<QuickCheck>(connection)?;
    Ok(Some(found.quick_check).filter(|found| found != "ok"))
}

/// Returns true if the file holds Signet's tables.
pub(super) fn holds_tables(connection: &mut SqliteConnection) -> QueryResult<bool> {
    let table = "SELECT count(*) AS tables FROM sqlite_master \
        WHERE name = '__diesel_schema_migrations'";
    diesel::sql_query(table).get_result::<Tables>(connection).map(|found| found.tables > 0)
}

/// Returns a number that changes when another connection, of this process or another, commits.
pub(in super::super) fn commits_of_others(connection: &mut SqliteConnection) -> QueryResult<i64> {
    diesel::sql_query("PRAGMA data_version")
        .get_result::<DataVersion>(connection)
        .map(|row| row.data_version)
}
