//! Exchanges a refresh token for its successor, under the locks that every end of a session takes.

use diesel::dsl::auto_type;
use diesel::prelude::*;
use signet_contract::clock::{from_unix_micros, unix_micros};

use super::connection::AnyConnection;
use super::failure::damaged;
use super::schema::{refresh_tokens, sessions};
use super::transaction::{Transaction, read_position};
use super::values::uuid;
use super::{Store, login};
use crate::error::StoreResult;
use auth_domain::audit::{Act, Action, Reason, Subject};
use auth_domain::refresh::{
    Decision, NewRefreshToken, RefreshOutcome, RefreshPolicy, RefreshState, Refreshed,
    TokenExchange,
};
use auth_domain::roles;
use auth_domain::sessions::Session;

columns! {
    const COLUMNS: Columns = (
        (sessions::sid, sessions::public_id, sessions::client_id, sessions::audience),
        (sessions::created_at, sessions::ended_at),
        (refresh_tokens::current_hash, refresh_tokens::expires_at, refresh_tokens::previous_hash),
        (refresh_tokens::sealed_successor, refresh_tokens::refreshed_at),
    );
}

type Row = (
    (String, String, String, String),
    (i64, Option<i64>),
    (Vec<u8>, i64, Option<Vec<u8>>),
    (Option<Vec<u8>>, Option<i64>),
);

fn state(row: Row) -> QueryResult<RefreshState> {
    let ((sid, public_id, client_id, audience), (opened_at, ended_at), token, before) = row;
    let ((current, expires_at, previous), (sealed, refreshed_at)) = (token, before);
    Ok(RefreshState {
        sid: uuid(&sid)?,
        public_id: uuid(&public_id)?,
        client_id,
        audience,
        opened_at: from_unix_micros(opened_at),
        ended: ended_at.is_some(),
        current: hash(current)?,
        expires_at: from_unix_micros(expires_at),
        previous: previous.map(hash).transpose()?,
        sealed,
        refreshed_at: refreshed_at.map(from_unix_micros),
    })
}

fn hash(bytes: Vec<u8>) -> QueryResult<[u8; 32]> {
    bytes.try_into().map_err(|_| damaged("the hash of a refresh token"))
}

#[auto_type]
fn of_family(family: Vec<u8>) -> _ {
    let columns: Columns = COLUMNS;
    refresh_tokens::table
        .inner_join(sessions::table)
        .filter(refresh_tokens::family.eq(family))
        .select(columns)
}

fn find(connection: &mut AnyConnection, family: &[u8; 32]) -> QueryResult<Option<RefreshState>> {
    of_family(family.to_vec()).get_result::<Row>(connection).optional()?.map(state).transpose()
}

/// Locks both rows until the transaction ends, and returns their state then.
fn lock(
    connection: &mut AnyConnection,
    known: RefreshState,
    family: &[u8; 32],
) -> QueryResult<Option<RefreshState>> {
    match connection {
        // The one writer holds the whole database.
        AnyConnection::Sqlite(_) => Ok(Some(known)),
        AnyConnection::Postgres(postgres) => {
            let row = of_family(family.to_vec()).for_update().get_result::<Row>(postgres);
            row.optional()?.map(state).transpose()
        }
    }
}

/// Adds the first refresh token of a new family to a session.
pub(super) fn insert(
    connection: &mut AnyConnection,
    sid: &str,
    token: &NewRefreshToken,
) -> QueryResult<usize> {
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::family.eq(token.family.as_slice()),
            refresh_tokens::sid.eq(sid),
            refresh_tokens::current_hash.eq(token.hash.as_slice()),
            refresh_tokens::expires_at.eq(unix_micros(token.expires_at)),
        ))
        .execute(connection)
}

fn refresh(
    transaction: &mut Transaction<'_>,
    exchange: &TokenExchange,
    policy: &RefreshPolicy,
    act: &Act,
) -> QueryResult<RefreshOutcome> {
    let (connection, now) = (&mut *transaction.connection, act.at);
    let Some(known) = find(connection, &exchange.family)? else {
        return Ok(RefreshOutcome::Unknown);
    };
    // Lock the user's row first, as every end of all sessions of a user does.
    let Some(account) = login::lock(connection, known.public_id)? else {
        return Ok(RefreshOutcome::Unknown);
    };
    let Some(session) = lock(connection, known, &exchange.family)? else {
        return Ok(RefreshOutcome::Unknown);
    };
    let (sid, public_id) = (session.sid, session.public_id);
    let (again, expires_at) = match session.decide(exchange, account.state, policy, now) {
        Decision::Exchange { expires_at } => (None, expires_at),
        Decision::Repeat { sealed, expires_at } => (Some(sealed), expires_at),
        Decision::Refuse(why) => return Ok(RefreshOutcome::Refused { sid, public_id, why }),
        Decision::End => {
            let session = Subject::Session(sid, public_id);
            transaction.note(&act.refused(Action::SessionRefresh, session, Reason::Reused))?;
            super::sessions::end(transaction, sid, now)?;
            return Ok(RefreshOutcome::Reused { sid, public_id });
        }
    };
    // Read after the locks: an end of all sessions that is not seen here gets a later position.
    let connection = &mut *transaction.connection;
    let pos = read_position(connection)?;
    diesel::update(sessions::table.find(sid.to_string()))
        .set(sessions::last_used_at.eq(unix_micros(now)))
        .execute(connection)?;
    if again.is_none() {
        let sealed = policy.repeat_window.is_positive().then_some(exchange.sealed.as_slice());
        diesel::update(refresh_tokens::table.find(exchange.family.as_slice()))
            .set((
                refresh_tokens::current_hash.eq(exchange.successor.as_slice()),
                refresh_tokens::expires_at.eq(unix_micros(expires_at)),
                refresh_tokens::previous_hash.eq(exchange.presented.as_slice()),
                refresh_tokens::sealed_successor.eq(sealed),
                refresh_tokens::refreshed_at.eq(unix_micros(now)),
            ))
            .execute(connection)?;
        transaction.count_acts(1)?;
    }
    let audience = session.audience;
    let session = Session { sid, public_id, roles: roles(account.admin), pos };
    let refreshed = Refreshed { session, audience, expires_at, again };
    Ok(RefreshOutcome::Refreshed(Box::new(refreshed)))
}

impl Store {
    /// Locks the rows of user and session, judges the token, exchanges it or ends the session
    /// (`session.revoked`), and notes that, all in one transaction.
    pub fn refresh(
        &self,
        exchange: &TokenExchange,
        policy: &RefreshPolicy,
        act: &Act,
    ) -> StoreResult<RefreshOutcome> {
        self.write_in_group(|transaction| refresh(transaction, exchange, policy, act))
    }

    /// Returns the records of the refresh tokens of this family.
    pub fn find_refresh_tokens(&self, family: &[u8; 32]) -> StoreResult<Option<RefreshState>> {
        self.read(|connection| find(connection, family))
    }
}
