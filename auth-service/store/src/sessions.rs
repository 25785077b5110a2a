//! Sessions, and the networks of log-ins.

use std::net::IpAddr;

use diesel::dsl::{auto_type, exists, max};
use diesel::prelude::*;
use signet_contract::clock::unix_micros;
use signet_contract::events::Change;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Store;
use super::connection::{AdvisoryLock, AnyConnection};
use super::failure::damaged;
use super::login::lock;
use super::schema::{known_addresses, refresh_tokens, sessions};
use super::transaction::Transaction;
use super::values::uuid;
use crate::error::StoreResult;
use auth_domain::audit::{Act, Action, Subject};
use auth_domain::network::Network;
use auth_domain::sessions::{SessionQuery, SessionRecord};

mod listing;

/// Sessions looked at together. Their deletion takes the writer a few milliseconds.
const PRUNED_AT_ONCE: i64 = 1_000;

/// The most open sessions of a user.
const MOST_OF_A_USER: i64 = 100;

/// The detail of the end of a session beyond [`MOST_OF_A_USER`].
const SURPLUS: &str = "the user has 100 sessions that were used later";

/// Ends every session of a user except `except`. The caller has locked the user's row and holds
/// [`AdvisoryLock::Accounts`], so no other transaction locks several sessions at once.
pub(super) fn end_all(
    connection: &mut AnyConnection,
    public_id: Uuid,
    except: Option<Uuid>,
    now: OffsetDateTime,
) -> QueryResult<()> {
    let open = sessions::table
        .filter(sessions::public_id.eq(public_id.to_string()))
        // No id is empty.
        .filter(sessions::sid.ne(except.map(|sid| sid.to_string()).unwrap_or_default()))
        .filter(sessions::ended_at.is_null());
    diesel::update(open).set(sessions::ended_at.eq(unix_micros(now))).execute(connection)?;
    Ok(())
}

/// Ends every session and records a revocation for each user, in order of creation, at the
/// positions after `after`. Returns the number of users. Guards read these revocations in their
/// snapshot, since the feed itself does not hold them.
pub(super) fn end_every_session(
    connection: &mut AnyConnection,
    after: i64,
    now: OffsetDateTime,
) -> QueryResult<i64> {
    let open = sessions::table.filter(sessions::ended_at.is_null());
    diesel::update(open).set(sessions::ended_at.eq(unix_micros(now))).execute(connection)?;
    // One statement, since there may be a million users. It builds the JSON of a `Change` in SQL.
    let body =
        r#"'{"type":"user.sessions_revoked","public_id":"' || public_id || '","except":null}'"#;
    let at = unix_micros(now);
    let recorded = diesel::sql_query(format!(
        "INSERT INTO revocations (seq, at, body) \
         SELECT {after} + row_number() OVER (ORDER BY created_seq), {at}, {body} FROM users"
    ));
    let users = recorded.execute(connection)?;
    i64::try_from(users).map_err(|_| damaged("the list of users"))
}

/// Ends a session and appends the event. Returns the user's id if the session was open. The update
/// locks the row that a refresh locks, so the later of the two sees the result of the earlier.
pub(super) fn end(
    transaction: &mut Transaction<'_>,
    sid: Uuid,
    now: OffsetDateTime,
) -> QueryResult<Option<Uuid>> {
    let connection = &mut *transaction.connection;
    let row = sessions::table.find(sid.to_string());
    let owner = row.select(sessions::public_id).get_result::<String>(connection).optional()?;
    let Some(owner) = owner else { return Ok(None) };
    if !close(connection, sid, now)? {
        return Ok(None);
    }
    let public_id = uuid(&owner)?;
    transaction.append(&[Change::SessionRevoked { sid, public_id }], now)?;
    Ok(Some(public_id))
}

/// Marks a session as ended; returns `false` if it was before.
fn close(connection: &mut AnyConnection, sid: Uuid, now: OffsetDateTime) -> QueryResult<bool> {
    let open = sessions::table.find(sid.to_string()).filter(sessions::ended_at.is_null());
    let end = diesel::update(open).set(sessions::ended_at.eq(unix_micros(now)));
    Ok(end.execute(connection)? == 1)
}

/// Ends a session as [`end`] does, and notes it.
fn end_noted(transaction: &mut Transaction<'_>, sid: Uuid, act: &Act) -> QueryResult<Option<Uuid>> {
    let owner = end(transaction, sid, act.at)?;
    if let Some(owner) = owner {
        let action = act.by.ends_session_of(owner);
        transaction.note(&act.done(action, Subject::Session(sid, owner)))?;
    }
    Ok(owner)
}

/// Returns the open sessions of a user beyond the limit. `newest` counts as used last: a clock that
/// was set back must not end the session that was just opened.
fn surplus(
    connection: &mut AnyConnection,
    public_id: Uuid,
    newest: Uuid,
) -> QueryResult<Vec<String>> {
    sessions::table
        .filter(sessions::public_id.eq(public_id.to_string()))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::sid.ne(newest.to_string()))
        .order((sessions::last_used_at.desc(), sessions::created_at.desc()))
        .offset(MOST_OF_A_USER - 1)
        // `SQLite` has no OFFSET without LIMIT.
        .limit(i64::MAX)
        .select(sessions::sid)
        .load(connection)
}

/// Selects the latest expiry of a session's refresh tokens. `PostgreSQL` reads all tokens for an
/// `EXISTS` beside an `OR`, but only those of the session for a value.
#[auto_type]
fn latest_expiry() -> _ {
    let latest: diesel::helper_types::max<refresh_tokens::expires_at> =
        max(refresh_tokens::expires_at);
    refresh_tokens::table
        .filter(refresh_tokens::sid.eq(sessions::sid))
        .select(latest)
        .single_value()
}

/// Returns the sessions that are over, of the first ones that were last used at `from` or later.
/// Returns the time at which the next ones begin, too, if there may be more.
fn over_since(
    connection: &mut AnyConnection,
    from: i64,
    before: OffsetDateTime,
    now: OffsetDateTime,
) -> QueryResult<(Vec<String>, Option<i64>)> {
    let (before, now) = (unix_micros(before), unix_micros(now));
    let unused = sessions::table
        .filter(sessions::last_used_at.ge(from).and(sessions::last_used_at.lt(before)))
        .order(sessions::last_used_at)
        .limit(PRUNED_AT_ONCE)
        .select((sessions::sid, sessions::last_used_at, sessions::ended_at, latest_expiry()))
        .load::<(String, i64, Option<i64>, Option<i64>)>(connection)?;
    let full = i64::try_from(unused.len()) == Ok(PRUNED_AT_ONCE);
    let last_used_at = unused.last().filter(|_| full).map(|(_, last_used_at, ..)| *last_used_at);
    let is_over = |ended_at: Option<i64>, expires_at: Option<i64>| match ended_at {
        // An ended session is kept for as long as its access tokens can live.
        Some(ended_at) => ended_at < before,
        None => expires_at.is_none_or(|expires_at| expires_at < now),
    };
    let over: Vec<_> = unused
        .into_iter()
        .filter_map(|(sid, _, ended_at, expires_at)| is_over(ended_at, expires_at).then_some(sid))
        .collect();
    // Sessions that stay are not looked at again. More of them with one time hide the others of that
    // time, until they are over themselves.
    let next = last_used_at.map(|last| if over.is_empty() { last.max(from + 1) } else { last });
    Ok((over, next))
}

/// Records that the user logged in from the network of this address. The caller has locked the
/// user's row, so no other transaction adds the same network in between.
pub(super) fn remember_network(
    connection: &mut AnyConnection,
    public_id: Uuid,
    address: IpAddr,
    now: OffsetDateTime,
) -> QueryResult<()> {
    let (public_id, address) = (public_id.to_string(), Network::from(address).to_string());
    let last_at = known_addresses::last_at.eq(unix_micros(now));
    let known = known_addresses::table.find((&public_id, &address));
    if diesel::update(known).set(last_at).execute(connection)? == 0 {
        diesel::insert_into(known_addresses::table)
            .values((
                known_addresses::public_id.eq(&public_id),
                known_addresses::address.eq(&address),
                last_at,
            ))
            .execute(connection)?;
    }
    Ok(())
}

impl Store {
    /// Ends a session (`session.revoked`) and returns its user's id; `None` if there is no such
    /// session or it ended before.
    pub fn end_session(&self, sid: Uuid, act: &Act) -> StoreResult<Option<Uuid>> {
        self.write_in_group(|transaction| end_noted(transaction, sid, act))
    }

    /// Ends a session of this user, as [`Store::end_session`] does; returns `false` if the user has
    /// no such open session.
    pub fn end_session_of(&self, public_id: Uuid, sid: Uuid, act: &Act) -> StoreResult<bool> {
        self.write(|transaction| {
            let own = sessions::table
                .find(sid.to_string())
                .filter(sessions::public_id.eq(public_id.to_string()));
            let own = diesel::select(exists(own)).get_result(transaction.connection)?;
            Ok(own && end_noted(transaction, sid, act)?.is_some())
        })
    }

    /// Ends the sessions of a user beyond the 100 used last (`session.revoked`); returns their number.
    /// `newest` is the session that was just opened.
    pub fn end_surplus_sessions(
        &self,
        public_id: Uuid,
        newest: Uuid,
        now: OffsetDateTime,
    ) -> StoreResult<usize> {
        if self.read(|connection| surplus(connection, public_id, newest))?.is_empty() {
            return Ok(0);
        }
        self.write(|transaction| {
            transaction.lock(AdvisoryLock::Accounts)?;
            let mut ended = Vec::new();
            for text in surplus(transaction.connection, public_id, newest)? {
                let sid = uuid(&text)?;
                if close(transaction.connection, sid, now)? {
                    ended.push(Change::SessionRevoked { sid, public_id });
                    let end = Act::by_server(now)
                        .done(Action::SessionRevoke, Subject::Session(sid, public_id));
                    transaction.note(&end.saying(SURPLUS.to_owned()))?;
                }
            }
            if !ended.is_empty() {
                transaction.append(&ended, now)?;
            }
            Ok(ended.len())
        })
    }

    /// Ends every session of a user but `except` (`user.sessions_revoked`, also if none was open:
    /// all earlier tokens are refused after it). Returns `false` if there is no such user.
    pub fn end_sessions_of(
        &self,
        public_id: Uuid,
        except: Option<Uuid>,
        act: &Act,
    ) -> StoreResult<bool> {
        self.write(|transaction| {
            transaction.lock(AdvisoryLock::Accounts)?;
            if lock(transaction.connection, public_id)?.is_none() {
                return Ok(false);
            }
            end_all(transaction.connection, public_id, except, act.at)?;
            let action = act.by.ends_sessions_of(public_id);
            transaction.note(&act.done(action, Subject::User(public_id)))?;
            transaction.append(&[Change::UserSessionsRevoked { public_id, except }], act.at)?;
            Ok(true)
        })
    }

    /// Returns the sessions that are open at `now`, the latest first.
    pub fn list_sessions(
        &self,
        query: &SessionQuery,
        now: OffsetDateTime,
    ) -> StoreResult<Vec<SessionRecord>> {
        self.read(|connection| listing::page(connection, query, now))
    }

    /// Returns true if the user has logged in from the network of this address before. Such a network
    /// has its own count of failures, so that failures from elsewhere do not lock the owner out.
    pub fn has_logged_in_from(&self, public_id: Uuid, address: IpAddr) -> StoreResult<bool> {
        self.read(|connection| {
            // Rows of earlier versions hold the whole IPv6 address.
            let texts = [Network::from(address).to_string(), address.to_string()];
            let known = known_addresses::table
                .filter(known_addresses::public_id.eq(public_id.to_string()))
                .filter(known_addresses::address.eq_any(texts));
            diesel::select(exists(known)).get_result(connection)
        })
    }

    /// Removes sessions of which no token can live any more, if all access tokens issued before
    /// `before` are over. Returns their number.
    pub fn prune_sessions(
        &self,
        before: OffsetDateTime,
        now: OffsetDateTime,
    ) -> StoreResult<usize> {
        // Most unused sessions can still be refreshed, so the search leaves the writer free.
        let (mut pruned, mut next) = (0, Some(0));
        while let Some(from) = next {
            let (over, following) =
                self.read(|connection| over_since(connection, from, before, now))?;
            if !over.is_empty() {
                pruned += self.write(|transaction| {
                    transaction.lock(AdvisoryLock::Accounts)?;
                    let over = sessions::table.filter(sessions::sid.eq_any(&over));
                    diesel::delete(over).execute(transaction.connection)
                })?;
            }
            next = following;
        }
        Ok(pruned)
    }

    /// Removes networks last seen before `before`; returns their number.
    pub fn prune_networks(&self, before: OffsetDateTime) -> StoreResult<usize> {
        let old = known_addresses::last_at.lt(unix_micros(before));
        self.write(|transaction| {
            transaction.lock(AdvisoryLock::Accounts)?;
            diesel::delete(known_addresses::table.filter(old)).execute(transaction.connection)
        })
    }
}
