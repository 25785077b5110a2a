//! The states of keys. The private keys are files; see `signing`.

use diesel::dsl::exists;
use diesel::prelude::*;
use signet_contract::clock::unix_micros;
use signet_contract::events::Change;
use signet_contract::jwks::MAX_KEYS;
use time::{Duration, OffsetDateTime};

use super::Store;
use super::connection::{AnyConnection, Turn};
use super::schema::{keys, sessions};
use super::transaction::Transaction;
use crate::error::StoreResult;
use auth_domain::audit::{Act, Action, Subject};
use auth_domain::keys::{Added, Entry, Key, KeyState, Revocation, Rotated};

mod revocation;
mod rotation;
mod row;

use row::{COLUMNS, KeyRow, key, micros};

fn list(connection: &mut AnyConnection) -> QueryResult<Vec<Key>> {
    keys::table
        .order((keys::added_at, keys::kid))
        .select(COLUMNS)
        .load::<KeyRow>(connection)?
        .into_iter()
        .map(key)
        .collect()
}

/// Writes the columns of a key that can change.
fn update(connection: &mut AnyConnection, key: &Key) -> QueryResult<()> {
    diesel::update(keys::table.find(&key.kid))
        .set((
            keys::state.eq(key.state.word()),
            keys::since.eq(unix_micros(key.since)),
            keys::last_expiry.eq(key.last_expiry.map(unix_micros)),
        ))
        .execute(connection)?;
    Ok(())
}

/// Stops the active key, if there is one.
fn stop_active(
    connection: &mut AnyConnection,
    known: &[Key],
    now: OffsetDateTime,
) -> QueryResult<()> {
    match known.iter().find(|key| key.state == KeyState::Active) {
        Some(active) => update(connection, &active.clone().stopped(now)),
        None => Ok(()),
    }
}

/// Returns true if a session exists. Its token is signed before the server notes `signed`.
fn a_session_was_opened(connection: &mut AnyConnection) -> QueryResult<bool> {
    diesel::select(exists(sessions::table.select(sessions::sid))).get_result(connection)
}

fn note(
    transaction: &mut Transaction<'_>,
    act: &Act,
    action: Action,
    kid: &str,
) -> QueryResult<()> {
    transaction.note(&act.done(action, Subject::Key(kid.to_owned())))
}

fn add(
    transaction: &mut Transaction<'_>,
    new: &Key,
    entry: Entry,
    act: &Act,
) -> QueryResult<Added> {
    let (connection, now) = (&mut *transaction.connection, act.at);
    let known = list(connection)?;
    if let Some(key) = known.iter().find(|key| key.kid == new.kid) {
        return Ok(Added::Known(key.clone()));
    }
    if known.iter().filter(|key| key.state.published()).count() >= MAX_KEYS {
        return Ok(Added::Full);
    }
    let at_once = !known.iter().any(|key| key.state == KeyState::Active)
        || match entry {
            Entry::Planned => false,
            Entry::AtOnceIfUnused => {
                !known.iter().any(|key| key.signed) && !a_session_was_opened(connection)?
            }
            Entry::AtOnce => true,
        };
    let fresh = Key::fresh(new.kid.clone(), new.n.clone(), new.e.clone(), now);
    let mut changes = vec![Change::KeyPublished { kid: fresh.kid.clone() }];
    let key = if at_once {
        changes.push(Change::KeyActivated { kid: fresh.kid.clone() });
        stop_active(connection, &known, now)?;
        fresh.activated(now)
    } else {
        fresh
    };
    row::insert(connection, &key, now)?;
    let action = if entry == Entry::Planned { Action::KeyGenerate } else { Action::KeyImport };
    note(transaction, act, action, &key.kid)?;
    if at_once {
        note(transaction, act, Action::KeyActivate, &key.kid)?;
    }
    transaction.append(&changes, now)?;
    Ok(Added::New(key))
}

fn activate(transaction: &mut Transaction<'_>, kid: &str, act: &Act) -> QueryResult<bool> {
    let (connection, now) = (&mut *transaction.connection, act.at);
    let known = list(connection)?;
    match known.iter().find(|key| key.kid == kid) {
        Some(key) if key.state == KeyState::Pending => {
            stop_active(connection, &known, now)?;
            update(connection, &key.clone().activated(now))?;
            note(transaction, act, Action::KeyActivate, kid)?;
            transaction.append(&[Change::KeyActivated { kid: kid.to_owned() }], now)?;
            Ok(true)
        }
        Some(key) => Ok(key.state == KeyState::Active),
        None => Ok(false),
    }
}

impl Store {
    /// Returns every key that was ever known, oldest first.
    pub fn list_keys(&self) -> StoreResult<Vec<Key>> {
        self.read(list)
    }

    /// Adds a key, pending or active as `entry` says (`key.published`, and `key.activated` for an
    /// active one). An active one makes the previous active key retiring.
    pub fn add_key(&self, key: &Key, entry: Entry, act: &Act) -> StoreResult<Added> {
        self.write(|transaction| {
            transaction.take_turn(Turn::Keys)?;
            add(transaction, key, entry, act)
        })
    }

    /// Begins a rotation: publishes `next` as pending, or returns the key that is pending already.
    /// `immediate` makes the pending key, else `next`, active in the same transaction.
    pub fn rotate(&self, next: Option<&Key>, immediate: bool, act: &Act) -> StoreResult<Rotated> {
        self.write(|transaction| {
            transaction.take_turn(Turn::Keys)?;
            rotation::rotate(transaction, next, immediate, act)
        })
    }

    /// Revokes a key in any state, also a second time. If it signs, `heir` (a pending key) takes
    /// over in the same transaction, or `next` if no such key is pending.
    pub fn revoke_key(
        &self,
        kid: &str,
        heir: Option<&str>,
        next: Option<&Key>,
        act: &Act,
    ) -> StoreResult<Revocation> {
        self.write(|transaction| {
            transaction.take_turn(Turn::Keys)?;
            revocation::revoke(transaction, kid, heir, next, act)
        })
    }

    /// Makes `kid` the active key and the previous one retiring, in one transaction. Returns
    /// `false` if `kid` is neither pending nor active.
    pub fn activate_key(&self, kid: &str, act: &Act) -> StoreResult<bool> {
        self.write(|transaction| {
            transaction.take_turn(Turn::Keys)?;
            activate(transaction, kid, act)
        })
    }

    /// Makes a retiring key retired. Returns `false` if it is not retiring.
    pub fn retire_key(&self, kid: &str, act: &Act) -> StoreResult<bool> {
        self.write(|transaction| {
            transaction.take_turn(Turn::Keys)?;
            let retiring = keys::table.find(kid).filter(keys::state.eq(KeyState::Retiring.word()));
            let retired = diesel::update(retiring)
                .set((
                    keys::state.eq(KeyState::Retired.word()),
                    keys::since.eq(unix_micros(act.at)),
                ))
                .execute(transaction.connection)?;
            if retired == 1 {
                note(transaction, act, Action::KeyRetire, kid)?;
            }
            Ok(retired == 1)
        })
    }

    /// Notes that every published key is served from now on. An earlier note stays, unless the
    /// clock has been set back since.
    pub fn note_served(&self, now: OffsetDateTime) -> StoreResult<()> {
        let published = [KeyState::Pending, KeyState::Active, KeyState::Retiring];
        self.write(|transaction| {
            transaction.take_turn(Turn::Keys)?;
            let unserved = keys::table
                .filter(keys::served_at.is_null().or(keys::served_at.gt(unix_micros(now))))
                .filter(keys::state.eq_any(published.map(KeyState::word)));
            diesel::update(unserved)
                .set(keys::served_at.eq(unix_micros(now)))
                .execute(transaction.connection)?;
            Ok(())
        })
    }

    /// Notes that a key may sign tokens of this life. Called before it signs one.
    pub fn note_token_life(&self, kid: &str, life: Duration) -> StoreResult<()> {
        let life = micros(life);
        self.write(|transaction| {
            transaction.take_turn(Turn::Keys)?;
            let shorter = keys::table
                .find(kid)
                .filter(keys::longest_life_micros.is_null().or(keys::longest_life_micros.lt(life)));
            diesel::update(shorter)
                .set(keys::longest_life_micros.eq(life))
                .execute(transaction.connection)?;
            Ok(())
        })
    }

    /// Notes, after the clock was set back, that tokens of a signing key may live until `expiry`.
    pub fn note_last_expiry(&self, kid: &str, expiry: OffsetDateTime) -> StoreResult<()> {
        let expiry = unix_micros(expiry);
        self.write(|transaction| {
            transaction.take_turn(Turn::Keys)?;
            let earlier = keys::table
                .find(kid)
                .filter(keys::last_expiry.is_null().or(keys::last_expiry.lt(expiry)));
            diesel::update(earlier)
                .set(keys::last_expiry.eq(expiry))
                .execute(transaction.connection)?;
            Ok(())
        })
    }

    /// Notes that a key has signed.
    pub fn note_signed(&self, kid: &str) -> StoreResult<()> {
        self.write(|transaction| {
            transaction.take_turn(Turn::Keys)?;
            diesel::update(keys::table.find(kid))
                .set(keys::signed.eq(true))
                .execute(transaction.connection)?;
            Ok(())
        })
    }
}
