//! The states of keys. The private keys are files; see `signing`.

use diesel::dsl::{exists, max};
use diesel::prelude::*;
use signet_contract::clock::unix_micros;
use signet_contract::events::Change;
use time::{Duration, OffsetDateTime};

use super::Store;
use super::connection::{AdvisoryLock, AnyConnection};
use super::failure::damaged;
use super::feed::last_revocation;
use super::schema::{keys, sessions};
use super::transaction::Transaction;
use crate::error::StoreResult;
use auth_domain::audit::{Act, Action, Subject};
use auth_domain::keys::changes::{self, KeyChanges};
use auth_domain::keys::{Added, Addition, Key, KeyState, Revocation, Rotated, RotationRequest};

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
            keys::rotation_requested_at.eq(key.rotation_requested_at.map(unix_micros)),
        ))
        .execute(connection)?;
    Ok(())
}

/// Returns true if a session exists. Its token is signed before the server notes `signed`.
fn sessions_exist(connection: &mut AnyConnection) -> QueryResult<bool> {
    diesel::select(exists(sessions::table.select(sessions::sid))).get_result(connection)
}

/// Carries out the writes of a decision.
fn write(
    transaction: &mut Transaction<'_>,
    changes: &KeyChanges,
    now: OffsetDateTime,
) -> QueryResult<()> {
    for key in &changes.updated {
        update(transaction.connection, key)?;
    }
    if let Some(key) = &changes.added {
        // Keys are listed in the order of their addition, also if two have the same time.
        let latest: Option<i64> =
            keys::table.select(max(keys::added_at)).get_result(transaction.connection)?;
        let added_at = latest.map_or(unix_micros(now), |latest| unix_micros(now).max(latest + 1));
        row::insert(transaction.connection, key, added_at)?;
    }
    for note in &changes.notes {
        transaction.note(note)?;
    }
    if !changes.events.is_empty() {
        transaction.append(&changes.events, now)?;
    }
    Ok(())
}

fn revoke(
    transaction: &mut Transaction<'_>,
    kid: &str,
    successor: Option<&str>,
    next: Option<&Key>,
    act: &Act,
) -> QueryResult<Revocation> {
    let known = list(transaction.connection)?;
    let revoked = known.iter().any(|key| key.kid == kid && key.state == KeyState::Revoked);
    let revocation = Change::KeyRevoked { kid: kid.to_owned() };
    let before = if revoked { last_revocation(transaction.connection, &revocation)? } else { None };
    match changes::revoke(&known, kid, successor, next, before, act) {
        Ok((active, changes)) => void(transaction, active, vec![kid.to_owned()], &changes, act),
        Err(answer) => Ok(answer),
    }
}

/// Carries out a revocation of these keys.
fn void(
    transaction: &mut Transaction<'_>,
    active: String,
    kids: Vec<String>,
    changes: &KeyChanges,
    act: &Act,
) -> QueryResult<Revocation> {
    write(transaction, changes, act.at)?;
    let seq = transaction.position().ok_or_else(|| damaged("a revocation"))?;
    Ok(Revocation::Done { seq, active, kids })
}

impl Store {
    /// Returns every key that was ever known, oldest first.
    pub fn list_keys(&self) -> StoreResult<Vec<Key>> {
        self.read(list)
    }

    /// Adds a key, as the standby key or as the active one (`key.published`, and `key.activated` for an
    /// active one). An active one makes the previous active key retiring.
    pub fn add_key(&self, key: &Key, addition: Addition, act: &Act) -> StoreResult<Added> {
        self.write(|transaction| {
            transaction.lock(AdvisoryLock::Keys)?;
            let known = list(transaction.connection)?;
            let sessions_exist = sessions_exist(transaction.connection)?;
            let (added, changes) = changes::add(&known, key, addition, sessions_exist, act);
            write(transaction, &changes, act.at)?;
            Ok(added)
        })
    }

    /// Makes the standby key `kid` active, or schedules that, as `request` says.
    pub fn rotate(&self, kid: &str, request: RotationRequest, act: &Act) -> StoreResult<Rotated> {
        self.write(|transaction| {
            transaction.lock(AdvisoryLock::Keys)?;
            let known = list(transaction.connection)?;
            let (rotated, changes) = changes::rotate(&known, kid, request, act);
            write(transaction, &changes, act.at)?;
            Ok(rotated)
        })
    }

    /// Revokes a key in any state, also a second time. If it signs, `successor` (the standby key)
    /// takes over in the same transaction, or `next` if there is no such key.
    pub fn revoke_key(
        &self,
        kid: &str,
        successor: Option<&str>,
        next: Option<&Key>,
        act: &Act,
    ) -> StoreResult<Revocation> {
        self.write(|transaction| {
            transaction.lock(AdvisoryLock::Keys)?;
            revoke(transaction, kid, successor, next, act)
        })
    }

    /// Revokes every published key and makes `next` the active key, in one transaction.
    pub fn revoke_all_keys(&self, next: &Key, act: &Act) -> StoreResult<Revocation> {
        self.write(|transaction| {
            transaction.lock(AdvisoryLock::Keys)?;
            match changes::revoke_all(&list(transaction.connection)?, next, act) {
                Ok((kids, changes)) => void(transaction, next.kid.clone(), kids, &changes, act),
                Err(answer) => Ok(answer),
            }
        })
    }

    /// Makes `kid` the active key and the previous one retiring, in one transaction. Returns
    /// `false` if `kid` is neither pending nor active.
    pub fn activate_key(&self, kid: &str, act: &Act) -> StoreResult<bool> {
        self.write(|transaction| {
            transaction.lock(AdvisoryLock::Keys)?;
            let (signs, changes) = changes::activate(&list(transaction.connection)?, kid, act);
            write(transaction, &changes, act.at)?;
            Ok(signs)
        })
    }

    /// Makes a retiring key retired. Returns `false` if it is not retiring.
    pub fn retire_key(&self, kid: &str, act: &Act) -> StoreResult<bool> {
        self.write(|transaction| {
            transaction.lock(AdvisoryLock::Keys)?;
            let retiring = keys::table.find(kid).filter(keys::state.eq(KeyState::Retiring.word()));
            let retired = diesel::update(retiring)
                .set((
                    keys::state.eq(KeyState::Retired.word()),
                    keys::since.eq(unix_micros(act.at)),
                ))
                .execute(transaction.connection)?;
            if retired == 1 {
                transaction.note(&act.done(Action::KeyRetire, Subject::Key(kid.to_owned())))?;
            }
            Ok(retired == 1)
        })
    }

    /// Notes that every published key is served from now on. An earlier note stays, unless the
    /// clock has been set back since.
    pub fn note_served(&self, now: OffsetDateTime) -> StoreResult<()> {
        let published = [KeyState::Pending, KeyState::Active, KeyState::Retiring];
        self.write(|transaction| {
            transaction.lock(AdvisoryLock::Keys)?;
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
            transaction.lock(AdvisoryLock::Keys)?;
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
            transaction.lock(AdvisoryLock::Keys)?;
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
            transaction.lock(AdvisoryLock::Keys)?;
            diesel::update(keys::table.find(kid))
                .set(keys::signed.eq(true))
                .execute(transaction.connection)?;
            Ok(())
        })
    }
}
