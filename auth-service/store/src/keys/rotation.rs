//! Rotates keys in one transaction: the second of two at once sees the result of the first.

use diesel::prelude::*;
use signet_contract::events::Change;
use signet_contract::jwks::MAX_KEYS;

use super::super::transaction::Transaction;
use super::{activate, list, note, row, stop_active};
use auth_domain::audit::{Act, Action, Subject};
use auth_domain::keys::{Key, KeyState, Rotated};

pub(super) fn rotate(
    transaction: &mut Transaction<'_>,
    next: Option<&Key>,
    immediate: bool,
    act: &Act,
) -> QueryResult<Rotated> {
    let known = list(transaction.connection)?;
    if let Some(pending) = known.iter().find(|key| key.state == KeyState::Pending) {
        if !immediate {
            return Ok(Rotated::To(pending.clone()));
        }
        note_rotation(transaction, act, &pending.kid, true)?;
        activate(transaction, &pending.kid, act)?;
        return Ok(Rotated::To(pending.clone().activated(act.at)));
    }
    if known.iter().filter(|key| key.state.published()).count() >= MAX_KEYS {
        return Ok(Rotated::Full);
    }
    let Some(next) = next.filter(|next| known.iter().all(|key| key.kid != next.kid)) else {
        return Ok(Rotated::OtherNeeded);
    };
    let signs = known.iter().any(|key| key.state == KeyState::Active);
    let key = enter(transaction, &known, next, immediate || !signs, act)?;
    note_rotation(transaction, act, &key.kid, immediate)?;
    let mut changes = vec![Change::KeyPublished { kid: key.kid.clone() }];
    if key.state == KeyState::Active {
        note(transaction, act, Action::KeyActivate, &key.kid)?;
        changes.push(Change::KeyActivated { kid: key.kid.clone() });
    }
    transaction.append(&changes, act.at)?;
    Ok(Rotated::To(key))
}

fn note_rotation(
    transaction: &mut Transaction<'_>,
    act: &Act,
    kid: &str,
    immediate: bool,
) -> QueryResult<()> {
    let done = act.done(Action::KeyRotate, Subject::Key(kid.to_owned()));
    transaction.note(&done.saying(if immediate { "immediate" } else { "planned" }))
}

/// Adds a key; the caller appends its events.
pub(super) fn enter(
    transaction: &mut Transaction<'_>,
    known: &[Key],
    next: &Key,
    at_once: bool,
    act: &Act,
) -> QueryResult<Key> {
    let now = act.at;
    let fresh = Key::fresh(next.kid.clone(), next.n.clone(), next.e.clone(), now);
    let key = if at_once {
        stop_active(transaction.connection, known, now)?;
        fresh.activated(now)
    } else {
        fresh
    };
    row::insert(transaction.connection, &key, now)?;
    Ok(key)
}
