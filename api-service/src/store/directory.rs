//! Reads of the directory: single records on the request path, and pages.

use diesel::OptionalExtension;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use signet_guard::StoreError;
use signet_guard::store::UserRecord;
use uuid::Uuid;

use super::Replica;
use super::connection::Readers;
use super::rows::{DELETED, roles_of, state_of};
use super::schema::users;
use crate::domain::cursor::Cursor;
use crate::domain::directory::{Directory, DirectoryError, Page, User};

impl Directory for Replica {
    fn find(&self, public_id: Uuid) -> Result<Option<User>, DirectoryError> {
        let found = self.read(&self.points, |connection| {
            users::table
                .filter(users::public_id.eq(public_id.as_bytes().as_slice()))
                .filter(users::state.ne(DELETED))
                .select((users::name, users::email))
                .first::<(String, String)>(connection)
                .optional()
        })?;
        Ok(found.map(|(name, email)| User { public_id, name, email }))
    }

    fn page(&self, after: Option<Cursor>, limit: u16) -> Result<Page, DirectoryError> {
        // One transaction: a snapshot between two reads would change the ordinals.
        let rows = self.read(&self.pages, |connection| {
            connection.transaction(|connection| {
                let after = match after {
                    Some(Cursor(last)) => match ordinal(connection, last)? {
                        Some(ordinal) => ordinal,
                        None => return Ok(None),
                    },
                    None => 0,
                };
                behind(connection, after, limit).map(Some)
            })
        })?;
        let mut users = rows.ok_or(DirectoryError::UnknownCursor)?;
        let more = users.len() > usize::from(limit);
        users.truncate(usize::from(limit));
        let next = if more { users.last().map(|user| Cursor(user.public_id)) } else { None };
        Ok(Page { users, next })
    }
}

impl Replica {
    fn read<T>(
        &self,
        pool: &Readers,
        query: impl FnOnce(&mut SqliteConnection) -> QueryResult<T>,
    ) -> Result<T, DirectoryError> {
        let unavailable = |error: &dyn std::fmt::Display| {
            DirectoryError::Unavailable(format!("the replica: {error}"))
        };
        let mut connection = pool.get().map_err(|error| unavailable(&error))?;
        query(&mut connection).map_err(|error| {
            self.look_at(&error);
            unavailable(&error)
        })
    }

    /// Returns the fields of a user's record that the guard needs.
    pub(super) fn record(&self, public_id: Uuid) -> Result<Option<UserRecord>, StoreError> {
        let found = self
            .read(&self.points, |connection| {
                users::table
                    .filter(users::public_id.eq(public_id.as_bytes().as_slice()))
                    .filter(users::state.ne(DELETED))
                    .select((users::state, users::roles))
                    .first::<(String, String)>(connection)
                    .optional()
            })
            .map_err(StoreError::new)?;
        Ok(found
            .map(|(state, roles)| UserRecord { state: state_of(&state), roles: roles_of(&roles) }))
    }
}

/// Returns the ordinal of a user, deleted or not.
fn ordinal(connection: &mut SqliteConnection, public_id: Uuid) -> QueryResult<Option<i64>> {
    users::table
        .filter(users::public_id.eq(public_id.as_bytes().as_slice()))
        .select(users::ordinal)
        .first(connection)
        .optional()
}

/// Returns the users after an ordinal, and one more than `limit` if there are so many.
fn behind(connection: &mut SqliteConnection, after: i64, limit: u16) -> QueryResult<Vec<User>> {
    let rows = users::table
        .filter(users::ordinal.gt(after))
        .filter(users::state.ne(DELETED))
        .order(users::ordinal)
        .limit(i64::from(limit) + 1)
        .select((users::public_id, users::name, users::email))
        .load::<(Vec<u8>, String, String)>(connection)?;
    rows.into_iter()
        .map(|(public_id, name, email)| {
            let public_id = Uuid::from_slice(&public_id)
                .map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)))?;
            Ok(User { public_id, name, email })
        })
        .collect()
}
