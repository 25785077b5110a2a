//! Whether a file is a replica that can be trusted. Asked once, at the start: every page and every
//! row is looked at, about a second per million users.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::SqliteConnection;

use super::rows::UserRow;
use super::schema::{replica_state, revocations, users};
use super::{state, sums};

/// "Sgnt": tells a replica from any other SQLite file.
const APPLICATION: i64 = 0x5367_6e74;

/// Raised with each change of `schema.sql`.
const VERSION: i64 = 1;

/// What a file turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// A replica, every row as it was written.
    Whole,
    /// Nothing yet.
    Empty,
    /// Another program's database.
    Foreign,
    /// A replica of an older or newer program.
    OtherVersion(i64),
    /// A replica that does not hold what was written.
    Damaged(String),
}

/// What makes a file a replica of this version.
pub(super) fn mark() -> String {
    format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};")
}

/// Looks at everything in the file. An error is damage, too.
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
    // As a table-valued function it would take the 1 for the name of a table.
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
