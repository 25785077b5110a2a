//! The users of a snapshot: staged beside the table that is read, then put in its place.
//!
//! Staged users have no index. An index of random ids gets entries on all of its pages from each
//! page of users: a million users would rewrite some 10 GB. At the end, one sort builds it.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sqlite::SqliteConnection;
use signet_contract::directory::DirectoryUser;

use super::rows::UserRow;
use super::schema::staged_users;

/// Readers keep the old table until the commit.
const SWAP: &str = "DROP TABLE IF EXISTS users; ALTER TABLE staged_users RENAME TO users;";

const INDEX: &str = "CREATE UNIQUE INDEX users_by_public_id ON users (public_id);";

/// The last row of each user is the newest one.
const REMOVE_REPLACED: &str = "DELETE FROM users WHERE ordinal IN (\
    SELECT ordinal FROM (\
    SELECT ordinal, row_number() OVER (PARTITION BY public_id ORDER BY ordinal DESC) AS place \
    FROM users) WHERE place > 1);";

/// Creates the empty table for staged users. The users of an unfinished snapshot are dropped.
pub(super) fn begin(connection: &mut SqliteConnection) -> QueryResult<()> {
    connection.batch_execute(include_str!("staged_users.sql"))
}

/// Adds users behind the staged ones.
pub(super) fn stage(connection: &mut SqliteConnection, users: &[DirectoryUser]) -> QueryResult<()> {
    let rows = users.iter().map(|user| {
        let row = UserRow::of(user);
        (
            staged_users::public_id.eq(row.public_id),
            staged_users::name.eq(row.name),
            staged_users::email.eq(row.email),
            staged_users::state.eq(row.state),
            staged_users::roles.eq(row.roles),
            staged_users::sum.eq(row.sum),
        )
    });
    let rows: Vec<_> = rows.collect();
    diesel::insert_into(staged_users::table).values(rows).execute(connection).map(drop)
}

/// Makes the staged table the one that is read. The caller's transaction makes it one step.
pub(super) fn finish(connection: &mut SqliteConnection) -> QueryResult<()> {
    connection.batch_execute(SWAP)?;
    match connection.batch_execute(INDEX) {
        // The issuer deleted a user during the snapshot and imported the same one again.
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
            connection.batch_execute(REMOVE_REPLACED)?;
            connection.batch_execute(INDEX)
        }
        made => made,
    }
}
