//! The user table.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};
use signet_contract::clock::{from_unix_micros, unix_micros};
use signet_contract::directory::UserState;
use signet_contract::events::Change;
use time::OffsetDateTime;
use uuid::Uuid;

use super::bulk::{ROWS_AT_ONCE, insert_all};
use super::connection::{AdvisoryLock, AnyConnection, postgres};
use super::schema::{events, users};
use super::transaction::Transaction;
use super::values::{position, position_column, storable, user_state, user_state_word, uuid};
use super::{Store, failure};
use crate::error::StoreResult;
use auth_domain::audit::{Act, Action, Actor, NewAuditRow, Subject};
use auth_domain::users::{Changed, Created, Decision, Edit, NewUser, User, UserQuery};

pub(super) mod search;

columns! {
    /// The columns of a [`User`], in the order of [`UserRow`].
    pub(super) const COLUMNS: Columns = (
        users::public_id,
        users::name,
        users::email,
        users::state,
        users::admin,
        users::created_at,
        users::changed_at,
        users::created_seq,
    );
}

pub(super) type UserRow = (String, String, String, String, bool, i64, i64, i64);

pub(super) fn user(row: UserRow) -> QueryResult<User> {
    let (public_id, name, email, state, admin, created_at, changed_at, created_seq) = row;
    Ok(User {
        public_id: uuid(&public_id)?,
        name,
        email,
        state: user_state(&state)?,
        admin,
        created_at: from_unix_micros(created_at),
        changed_at: from_unix_micros(changed_at),
        created_seq: position(created_seq)?,
    })
}

/// Finds a user and locks the row until the transaction ends.
fn lock(connection: &mut AnyConnection, public_id: Uuid) -> QueryResult<Option<User>> {
    match connection {
        // The one writer holds the whole database.
        AnyConnection::Sqlite(_) => find(connection, public_id),
        AnyConnection::Postgres(postgres) => users::table
            .find(public_id.to_string())
            .select(COLUMNS)
            .for_update()
            .get_result::<UserRow>(postgres)
            .optional()?
            .map(user)
            .transpose(),
    }
}

fn find(connection: &mut AnyConnection, public_id: Uuid) -> QueryResult<Option<User>> {
    users::table
        .find(public_id.to_string())
        .select(COLUMNS)
        .get_result::<UserRow>(connection)
        .optional()?
        .map(user)
        .transpose()
}

/// Returns the number of active admins beside this user.
fn other_admins(connection: &mut AnyConnection, public_id: Uuid) -> QueryResult<i64> {
    users::table
        // A bound value would not match the condition of the index.
        .filter(users::admin)
        .filter(users::state.eq(user_state_word(UserState::Active)))
        .filter(users::public_id.ne(public_id.to_string()))
        .count()
        .get_result(connection)
}

fn edit(
    transaction: &mut Transaction<'_>,
    public_id: Uuid,
    edit: Edit,
    act: &Act,
) -> QueryResult<Changed> {
    transaction.lock(AdvisoryLock::Accounts)?;
    let connection = &mut *transaction.connection;
    let Some(user) = lock(connection, public_id)? else { return Ok(Changed::Unknown) };
    // The count matters only for an admin.
    let others = if user.is_active_admin() { other_admins(connection, public_id)? } else { 0 };
    match user.decide(edit, others, act) {
        Decision::Unchanged => Ok(Changed::Done),
        Decision::LastAdmin(refusal) => {
            transaction.note(&refusal)?;
            Ok(Changed::LastAdmin)
        }
        Decision::Done { user, note, events } => {
            write(connection, &user, edit, act.at)?;
            transaction.note(&note)?;
            let first = transaction.append(&events, act.at)?;
            if edit == Edit::Admin(false) {
                // The last event is the revocation.
                let revoked = transaction.position().unwrap_or(first);
                refuse_tokens_before(transaction.connection, public_id, revoked)?;
            }
            Ok(Changed::Done)
        }
    }
}

/// Writes an edited user, and ends the sessions that the edit ends.
fn write(
    connection: &mut AnyConnection,
    user: &User,
    edit: Edit,
    now: OffsetDateTime,
) -> QueryResult<()> {
    let row = users::table.find(user.public_id.to_string());
    if edit == Edit::Deletion {
        // The database deletes sessions and known addresses with the row.
        diesel::delete(row).execute(connection)?;
        return remove_personal_data(connection, user);
    }
    diesel::update(row)
        .set((
            users::state.eq(user_state_word(user.state)),
            users::admin.eq(user.admin),
            users::changed_at.eq(unix_micros(now)),
        ))
        .execute(connection)?;
    if edit == Edit::State(UserState::Disabled) {
        super::sessions::end_all(connection, user.public_id, None, now)?;
    }
    Ok(())
}

/// Refuses the tokens below a position. Sessions stay: a refresh waits for the user's row, so its
/// new token has a later position. This transaction has locked the row, so the update waits for no
/// other transaction.
fn refuse_tokens_before(
    connection: &mut AnyConnection,
    public_id: Uuid,
    position: u64,
) -> QueryResult<()> {
    diesel::update(users::table.find(public_id.to_string()))
        .set(users::tokens_from.eq(position_column(position)))
        .execute(connection)?;
    Ok(())
}

impl Store {
    /// Creates a user, with its event (`user.created`). By `Actor::Nobody` it is a sign-up.
    pub fn create_user(&self, new: &NewUser, act: &Act) -> StoreResult<Created> {
        let created = self.try_write(|transaction| create(transaction, new, act))?;
        match created {
            Ok(user) => Ok(Created::User(user)),
            Err(error) if failure::is_taken(&error) => Ok(Created::AddressTaken),
            Err(error) => Err(failure::store_error(error)),
        }
    }

    /// Returns the user with this id.
    pub fn find_user(&self, public_id: Uuid) -> StoreResult<Option<User>> {
        self.read(|connection| find(connection, public_id))
    }

    /// Returns the user with this address key.
    pub fn find_user_by_email_key(&self, email_key: &str) -> StoreResult<Option<User>> {
        if !storable(email_key) {
            return Ok(None);
        }
        self.read(|connection| {
            users::table
                .filter(users::email_key.eq(email_key))
                .select(COLUMNS)
                .get_result::<UserRow>(connection)
                .optional()?
                .map(user)
                .transpose()
        })
    }

    /// Returns users in order of creation.
    pub fn list_users(&self, query: &UserQuery) -> StoreResult<Vec<User>> {
        self.read(|connection| match &query.search {
            Some(text) if !storable(text) => Ok(Vec::new()),
            Some(text) => search::page(connection, query, text),
            None => page(connection, query.after, query.limit),
        })
    }

    /// Disables (`user.disabled`) or enables (`user.enabled`) a user. Disabling ends every session
    /// (`user.sessions_revoked`); enabling restores none. No event if nothing changes.
    pub fn set_user_state(
        &self,
        public_id: Uuid,
        state: UserState,
        act: &Act,
    ) -> StoreResult<Changed> {
        self.write(|transaction| edit(transaction, public_id, Edit::State(state), act))
    }

    /// Makes a user an operator or not (`user.updated`). Without the role, all earlier tokens are
    /// refused (`user.sessions_revoked`); sessions go on. No event if nothing changes.
    pub fn set_user_admin(&self, public_id: Uuid, admin: bool, act: &Act) -> StoreResult<Changed> {
        self.write(|transaction| edit(transaction, public_id, Edit::Admin(admin), act))
    }

    /// Deletes a user and the dependent records (`user.deleted`, `user.sessions_revoked`).
    pub fn delete_user(&self, public_id: Uuid, act: &Act) -> StoreResult<Changed> {
        self.write(|transaction| edit(transaction, public_id, Edit::Deletion, act))
    }

    /// Replaces the password hash by one of the same password, if it is still `verified_hash`.
    /// Returns true if it was: a password change in between is not undone.
    pub fn rehash_password(
        &self,
        public_id: Uuid,
        verified_hash: &str,
        new_hash: &str,
    ) -> StoreResult<bool> {
        self.write(|transaction| {
            let still = users::table
                .find(public_id.to_string())
                .filter(users::password_hash.eq(verified_hash));
            let changed = diesel::update(still)
                .set(users::password_hash.eq(new_hash))
                .execute(transaction.connection)?;
            Ok(changed == 1)
        })
    }
}

fn create(transaction: &mut Transaction<'_>, new: &NewUser, act: &Act) -> QueryResult<User> {
    let action = if act.by == Actor::Nobody { Action::SignUp } else { Action::UserCreate };
    let mut done = act.done(action, Subject::User(new.public_id));
    if new.admin {
        done = done.saying(auth_domain::roles(new.admin).join(" "));
    }
    insert(transaction, &[new], &[done], act.at)?.pop().ok_or(diesel::NotFound)
}

/// Inserts new users in this order, with their audit rows and their events (`user.created`).
pub(super) fn insert(
    transaction: &mut Transaction<'_>,
    new: &[&NewUser],
    notes: &[NewAuditRow],
    now: OffsetDateTime,
) -> QueryResult<Vec<User>> {
    let first = transaction.next_position()?;
    let mut created: Vec<User> = Vec::with_capacity(new.len());
    let mut rows = Vec::with_capacity(new.len());
    for (new, place) in new.iter().zip(0..) {
        let seq = first.map(|first| position_column(first + place));
        rows.push((
            users::public_id.eq(new.public_id.to_string()),
            users::name.eq(&new.name),
            users::email.eq(&new.email),
            users::email_key.eq(&new.email_key),
            users::password_hash.eq(&new.password_hash),
            users::state.eq(user_state_word(UserState::Active)),
            users::admin.eq(new.admin),
            users::created_at.eq(unix_micros(now)),
            users::changed_at.eq(unix_micros(now)),
            users::created_seq.eq(seq.into_sql::<Nullable<BigInt>>().assume_not_null()),
        ));
        created.push(User {
            public_id: new.public_id,
            name: new.name.clone(),
            email: new.email.clone(),
            state: UserState::Active,
            admin: new.admin,
            created_at: now,
            changed_at: now,
            created_seq: 0,
        });
    }
    insert_all!(transaction.connection, users::table, rows);
    transaction.note_all(notes)?;
    let changes: Vec<_> =
        created.iter().map(|user| Change::UserCreated(user.event_record())).collect();
    let first = transaction.append(&changes, now)?;
    for (user, place) in created.iter_mut().zip(0..) {
        user.created_seq = first + place;
    }
    // This transaction inserted the rows, so the update does not wait while the feed is locked.
    if let AnyConnection::Postgres(connection) = transaction.connection {
        for created in created.chunks(ROWS_AT_ONCE) {
            postgres::place_users(connection, created)?;
        }
    }
    Ok(created)
}

/// Returns users in order of creation, by keyset: an OFFSET would read all earlier rows.
pub(super) fn page(
    connection: &mut AnyConnection,
    after: u64,
    limit: u32,
) -> QueryResult<Vec<User>> {
    users::table
        .filter(users::created_seq.gt(position_column(after)))
        .order(users::created_seq)
        .limit(i64::from(limit))
        .select(COLUMNS)
        .load::<UserRow>(connection)?
        .into_iter()
        .map(user)
        .collect()
}

/// Removes a deleted user's name and address from the events that hold them. The events keep their
/// position and shape. A reader that has not applied them yet receives the deletion soon after.
fn remove_personal_data(connection: &mut AnyConnection, deleted: &User) -> QueryResult<()> {
    let creation = events::seq.eq(position_column(deleted.created_seq));
    let rows = events::table
        .filter(creation.or(events::public_id.eq(deleted.public_id.to_string())))
        .select((events::seq, events::body))
        .load::<(i64, String)>(connection)?;
    for (seq, body) in rows {
        let mut change = super::feed::change(&body)?;
        if let Change::UserCreated(user)
        | Change::UserUpdated(user)
        | Change::UserDisabled(user)
        | Change::UserEnabled(user) = &mut change
            && user.public_id == deleted.public_id
        {
            user.name = Some(String::new());
            user.email = Some(String::new());
        }
        diesel::update(events::table.find(seq))
            .set(events::body.eq(super::feed::body(&change)?))
            .execute(connection)?;
    }
    Ok(())
}
