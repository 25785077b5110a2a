//! Log-ins: reads credentials and opens sessions.

use diesel::prelude::*;
use signet_contract::claims::FIRST_PARTY;
use signet_contract::clock::unix_micros;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Store;
use super::connection::AnyConnection;
use super::schema::{sessions, users};
use super::transaction::{Transaction, read_position};
use super::values::{storable, user_state, uuid};
use crate::error::StoreResult;
use auth_domain::audit::{Act, Action, Reason, Subject};
use auth_domain::login::{Credentials, LockedAccount, NotOpened, Opened, Opening};
use auth_domain::sessions::Session;

/// Reads the user's row and locks it until the transaction ends. Every end of all sessions takes
/// the same lock, so no session opens from a check made before that end.
pub(super) fn lock(
    connection: &mut AnyConnection,
    public_id: Uuid,
) -> QueryResult<Option<LockedAccount>> {
    let row = users::table.find(public_id.to_string()).select((
        users::password_hash,
        users::state,
        users::admin,
    ));
    let found = match connection {
        // The one writer holds the whole database.
        AnyConnection::Sqlite(_) => row.get_result::<(String, String, bool)>(connection),
        AnyConnection::Postgres(postgres) => row.for_update().get_result(postgres),
    };
    let Some((password_hash, state, admin)) = found.optional()? else { return Ok(None) };
    Ok(Some(LockedAccount { password_hash, state: user_state(&state)?, admin }))
}

fn open(
    transaction: &mut Transaction<'_>,
    opening: &Opening,
    now: OffsetDateTime,
) -> QueryResult<Opened> {
    let connection = &mut *transaction.connection;
    let account = lock(connection, opening.public_id)?;
    let roles = match opening.check(account.as_ref()) {
        Ok(roles) => roles,
        Err(NotOpened::Outdated) => return Ok(Opened::Outdated),
        Err(NotOpened::Disabled) => {
            let user = Subject::User(opening.public_id);
            let caller = Act::by_nobody(&opening.from, now);
            transaction.note(&caller.refused(Action::Login, user, Reason::AccountDisabled))?;
            return Ok(Opened::Disabled);
        }
    };
    // Read after the lock: an end of all sessions that is not seen here gets a later position.
    let pos = read_position(connection)?;
    let sid = opening.sid.to_string();
    diesel::insert_into(sessions::table)
        .values((
            sessions::sid.eq(&sid),
            sessions::kind.eq("login"),
            sessions::public_id.eq(opening.public_id.to_string()),
            sessions::client_id.eq(FIRST_PARTY),
            sessions::address.eq(opening.from.address.map(|address| address.to_string())),
            sessions::user_agent.eq(opening.user_agent.as_deref()),
            sessions::auth_time.eq(unix_micros(now)),
            sessions::methods.eq("pwd"),
            sessions::created_at.eq(unix_micros(now)),
            sessions::audience.eq(&opening.audience),
            sessions::last_used_at.eq(unix_micros(now)),
        ))
        .execute(connection)?;
    super::refresh::insert(connection, &sid, &opening.refresh_token)?;
    if let Some(address) = opening.from.address {
        super::sessions::remember_network(connection, opening.public_id, address, now)?;
    }
    let user = Act::by_user(opening.public_id, &opening.from, now);
    let session = Subject::Session(opening.sid, opening.public_id);
    transaction.note(&user.done(Action::Login, session))?;
    Ok(Opened::Session(Session { sid: opening.sid, public_id: opening.public_id, roles, pos }))
}

impl Store {
    /// Returns the credentials of the account with this address key.
    pub fn find_credentials(&self, email_key: &str) -> StoreResult<Option<Credentials>> {
        if !storable(email_key) {
            return Ok(None);
        }
        self.read(|connection| {
            users::table
                .filter(users::email_key.eq(email_key))
                .select((users::public_id, users::password_hash, users::state))
                .get_result::<(String, String, String)>(connection)
                .optional()?
                .map(|(public_id, password_hash, state)| {
                    Ok(Credentials {
                        public_id: uuid(&public_id)?,
                        password_hash,
                        state: user_state(&state)?,
                    })
                })
                .transpose()
        })
    }

    /// Opens the session in one transaction: locks the user's row, checks that hash and state are
    /// still the verified ones, reads the feed position, and notes the log-in or its refusal.
    pub fn open_session(&self, opening: &Opening, now: OffsetDateTime) -> StoreResult<Opened> {
        self.write_in_group(|transaction| open(transaction, opening, now))
    }
}
