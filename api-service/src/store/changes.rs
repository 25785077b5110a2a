//! The changes of the feed, applied to users.

use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Text};
use diesel::sqlite::{Sqlite, SqliteConnection};
use signet_contract::directory::DirectoryUser;
use signet_contract::events::{Change, UserChange};
use uuid::Uuid;

use super::rows::{DELETED, UserRow, roles_of};
use super::schema::users;

/// A row that a change wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    /// The user.
    pub(super) public_id: Uuid,
    /// The user's ordinal in the list.
    pub(super) ordinal: i64,
}

/// Applies one change, and returns the row that it wrote. A repeated change has no effect.
pub(super) fn apply(
    connection: &mut SqliteConnection,
    change: &Change,
) -> QueryResult<Option<Written>> {
    match change {
        Change::UserCreated(user)
        | Change::UserUpdated(user)
        | Change::UserDisabled(user)
        | Change::UserEnabled(user) => put(connection, user),
        Change::UserDeleted { public_id } => bury(connection, *public_id),
        Change::SessionRevoked { .. }
        | Change::UserSessionsRevoked { .. }
        | Change::ClientRemoved { .. }
        | Change::KeyPublished { .. }
        | Change::KeyActivated { .. }
        | Change::KeyRevoked { .. }
        | Change::Unknown => Ok(None),
    }
}

/// Writes the record after the change. Fields that the change leaves out stay as they are.
fn put(connection: &mut SqliteConnection, change: &UserChange) -> QueryResult<Option<Written>> {
    let (ordinal, found) = find(connection, change.public_id)?.unzip();
    let found = found.filter(|row| row.state != DELETED);
    let (name, email, roles) = match (&change.name, &change.email, &change.roles, found) {
        (Some(name), Some(email), Some(roles), _) => (name.clone(), email.clone(), roles.clone()),
        (name, email, roles, Some(row)) => (
            name.clone().unwrap_or(row.name),
            email.clone().unwrap_or(row.email),
            roles.clone().unwrap_or_else(|| roles_of(&row.roles)),
        ),
        _ => {
            tracing::warn!(
                public_id = %change.public_id,
                "the feed tells too little of a user who is not known here; \
                 this guard's client may lack a scope"
            );
            return Ok(None);
        }
    };
    let public_id = change.public_id;
    let user = DirectoryUser { public_id, name, email, state: change.state, roles };
    upsert(connection, public_id, ordinal, &UserRow::of(&user)).map(Some)
}

/// Clears the record. The row stays, so that a cursor can still name its position.
fn bury(connection: &mut SqliteConnection, public_id: Uuid) -> QueryResult<Option<Written>> {
    let Some((ordinal, _)) = find(connection, public_id)? else { return Ok(None) };
    upsert(connection, public_id, Some(ordinal), &UserRow::tombstone(public_id)).map(Some)
}

/// Returns a user's row, deleted or not, with its ordinal.
fn find(connection: &mut SqliteConnection, public_id: Uuid) -> QueryResult<Option<(i64, UserRow)>> {
    users::table
        .filter(users::public_id.eq(public_id.as_bytes().as_slice()))
        .select((users::ordinal, UserRow::as_select()))
        .get_result(connection)
        .optional()
}

/// Writes a row. A known user keeps its ordinal, a new user gets the last one.
fn upsert(
    connection: &mut SqliteConnection,
    public_id: Uuid,
    known: Option<i64>,
    row: &UserRow,
) -> QueryResult<Written> {
    Upsert(row).execute(connection)?;
    let ordinal = match known {
        Some(ordinal) => ordinal,
        // `RETURNING` would make and drop a temporary table for each row.
        None => diesel::select(last_insert_rowid()).get_result(connection)?,
    };
    Ok(Written { public_id, ordinal })
}

define_sql_function! {
    /// The ordinal of the row that this connection inserted last.
    fn last_insert_rowid() -> BigInt;
}

/// The statement that writes a row. diesel does not cache an upsert of its own,
/// so SQLite would prepare it for each row.
struct Upsert<'a>(&'a UserRow);

impl QueryFragment<Sqlite> for Upsert<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let Self(row) = self;
        out.push_sql("INSERT INTO users (public_id, name, email, state, roles, sum) VALUES (");
        out.push_bind_param::<Binary, _>(&row.public_id)?;
        for text in [&row.name, &row.email, &row.state, &row.roles] {
            out.push_sql(", ");
            out.push_bind_param::<Text, _>(text)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&row.sum)?;
        out.push_sql(
            ") ON CONFLICT (public_id) DO UPDATE SET name = excluded.name, email = excluded.email, \
             state = excluded.state, roles = excluded.roles, sum = excluded.sum",
        );
        Ok(())
    }
}

impl QueryId for Upsert<'_> {
    type QueryId = Upsert<'static>;
}

impl RunQueryDsl<SqliteConnection> for Upsert<'_> {}
