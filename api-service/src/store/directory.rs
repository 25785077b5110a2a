//! Reads of the directory: single records on the request path, and pages.

use std::sync::Arc;

use bytes::Bytes;
use diesel::OptionalExtension;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use signet_guard::store::UserRecord;
use uuid::Uuid;

use super::Replica;
use super::connection::Readers;
use super::memory::{Record, StoredPage};
use super::rows::{DELETED, roles_of, state_of};
use super::schema::users;
use crate::domain::cursor::Cursor;
use crate::domain::directory::{Directory, DirectoryError, Page, User};

impl Directory for Replica {
    fn find(&self, public_id: Uuid) -> Result<Option<Arc<User>>, DirectoryError> {
        Ok(self.record(public_id)?.map(|record| Arc::clone(&record.user)))
    }

    fn page_in_memory(&self, after: Option<Cursor>, limit: u16) -> Option<Bytes> {
        self.memory.known_page(&(after, limit))
    }

    fn page(&self, after: Option<Cursor>, limit: u16) -> Result<Bytes, DirectoryError> {
        self.memory.page((after, limit), || self.read_page(after, limit))
    }
}

impl Replica {
    /// Returns the record of a user who is not deleted.
    pub(super) fn record(&self, public_id: Uuid) -> Result<Option<Arc<Record>>, DirectoryError> {
        self.memory.record(public_id, || self.read_record(public_id))
    }

    pub(super) fn read_record(&self, public_id: Uuid) -> Result<Option<Record>, DirectoryError> {
        let found = self.read(&self.points, |connection| {
            users::table
                .filter(users::public_id.eq(public_id.as_bytes().as_slice()))
                .filter(users::state.ne(DELETED))
                .select((users::name, users::email, users::state, users::roles))
                .get_result::<(String, String, String, String)>(connection)
                .optional()
        })?;
        Ok(found.map(|(name, email, state, roles)| Record {
            user: Arc::new(User { public_id, name, email }),
            rights: UserRecord { state: state_of(&state), roles: roles_of(&roles) },
        }))
    }

    pub(super) fn read_page(
        &self,
        after: Option<Cursor>,
        limit: u16,
    ) -> Result<StoredPage, DirectoryError> {
        // One transaction: a snapshot between two reads would change the ordinals.
        let found = self.read(&self.pages, |connection| {
            connection.transaction(|connection| {
                let after = match after {
                    Some(Cursor(last)) => match ordinal(connection, last)? {
                        Some(ordinal) => ordinal,
                        None => return Ok(None),
                    },
                    None => 0,
                };
                behind(connection, after, limit).map(|users| Some((after, users)))
            })
        })?;
        let (after, mut users) = found.ok_or(DirectoryError::UnknownCursor)?;
        let follower = users.get(usize::from(limit)).map(|(ordinal, _)| *ordinal);
        users.truncate(usize::from(limit));
        let users: Vec<_> = users.into_iter().map(|(_, user)| user).collect();
        let next = follower.and_then(|_| users.last().map(|user| Cursor(user.public_id)));
        let json = serde_json::to_vec(&Page { users, next })
            .map_err(|error| DirectoryError::Unavailable(error.to_string()))?;
        Ok(StoredPage { json: json.into(), after, to: follower.unwrap_or(i64::MAX) })
    }

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
}

/// Returns the ordinal of a user, deleted or not.
fn ordinal(connection: &mut SqliteConnection, public_id: Uuid) -> QueryResult<Option<i64>> {
    users::table
        .filter(users::public_id.eq(public_id.as_bytes().as_slice()))
        .select(users::ordinal)
        .get_result(connection)
        .optional()
}

/// Returns the users after an ordinal with their ordinals, and one more than `limit` if there are so
/// many.
fn behind(
    connection: &mut SqliteConnection,
    after: i64,
    limit: u16,
) -> QueryResult<Vec<(i64, User)>> {
    let rows = users::table
        .filter(users::ordinal.gt(after))
        .filter(users::state.ne(DELETED))
        .order(users::ordinal)
        .limit(i64::from(limit) + 1)
        .select((users::ordinal, users::public_id, users::name, users::email))
        .load::<(i64, Vec<u8>, String, String)>(connection)?;
    rows.into_iter()
        .map(|(ordinal, public_id, name, email)| {
            let public_id = Uuid::from_slice(&public_id)
                .map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)))?;
            Ok((ordinal, User { public_id, name, email }))
        })
        .collect()
}
