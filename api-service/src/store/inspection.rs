//! The check of a file as a replica. It runs once, at the start, and reads every page and every
//! row: about a second per million users.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::SqliteConnection;

use super::rows::UserRow;
use super::schema::{replica_state, revocations, users};
use super::{state, sums};

/// "Sgnt": distinguishes a replica from other SQLite files.
const APPLICATION: i64 = 0x5367_6e74;

/// Increased with each change of `schema.sql`.
const VERSION: i64 = 2;

/// The result of an inspection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// A replica with every row as written.
    Whole,
    /// An empty file.
    Empty,
    /// A database of another program.
    Foreign,
    /// A replica of an older or newer program.
    OtherVersion(i64),
    /// A replica with content that differs from the written one.
    Damaged(String),
}

/// Returns the statements that mark a file as a replica of this version.
pub(super) fn mark() -> String {
    format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};")
}

/// Inspects the whole file. An error counts as damage, too.
pub(super) fn inspect(connection: &mut SqliteConnection) -> QueryResult<Finding> {
    let tables = number(connection, "SELECT count(*) AS number FROM sqlite_master")?;
    if tables == 0 {
        return Ok(Finding::Empty);
    }
    let application =
        number(connection, "SELECT application_id AS number FROM pragma_application_id")?;
    let replica = number(
        connection,
        "SELECT count(*) AS number FROM sqlite_master WHERE name = 'replica_state'",
    )?;
    if application != APPLICATION && replica == 0 {
        return Ok(Finding::Foreign);
    }
    let version = number(connection, "SELECT user_version AS number FROM pragma_user_version")?;
    if application != APPLICATION || version != VERSION {
        return Ok(Finding::OtherVersion(version));
    }
    // A table-valued function would read the 1 as the name of a table.
    let report: Report = diesel::sql_query("PRAGMA integrity_check(1)").get_result(connection)?;
    if report.integrity_check != "ok" {
        return Ok(Finding::Damaged(report.integrity_check));
    }
    if !sums_hold(connection)? {
        return Ok(Finding::Damaged("a row is not as it was written".into()));
    }
    if state::get(connection, state::INSTANCE)?.is_none() {
        return Ok(Finding::Damaged("it does not say whose it is".into()));
    }
    Ok(Finding::Whole)
}

fn sums_hold(connection: &mut SqliteConnection) -> QueryResult<bool> {
    for row in users::table.select(UserRow::as_select()).load_iter(connection)? {
        if !row?.sum_holds() {
            return Ok(false);
        }
    }
    for row in revocations::table.load_iter::<(i64, String, i64), _>(connection)? {
        let (seq, event, sum) = row?;
        if sums::of(&[&seq.to_le_bytes(), event.as_bytes()]) != sum {
            return Ok(false);
        }
    }
    for row in replica_state::table.load_iter::<(String, String, i64), _>(connection)? {
        let (name, value, sum) = row?;
        if sums::of(&[name.as_bytes(), value.as_bytes()]) != sum {
            return Ok(false);
        }
    }
    Ok(true)
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Report {
    #[diesel(sql_type = Text)]
    integrity_check: String,
}

fn number(connection: &mut SqliteConnection, query: &str) -> QueryResult<i64> {
    diesel::sql_query(query).get_result::<Number>(connection).map(|row| row.number)
}
