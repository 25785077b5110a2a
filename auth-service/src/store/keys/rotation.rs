//! A rotation, in one transaction: whichever of two at once comes second finds what the first did.

use diesel::prelude::*;
use shared::contract::events::Change;
use shared::contract::jwks::MAX_KEYS;
use time::OffsetDateTime;

use super::super::transaction::Transaction;
use super::{activate, list, row, stop_active};
use crate::domain::keys::{Key, KeyState, Rotated};

pub(super) fn rotate(
    transaction: &mut Transaction<'_>,
    next: Option<&Key>,
    immediate: bool,
    now: OffsetDateTime,
) -> QueryResult<Rotated> {
    let known = list(transaction.connection)?;
    if let Some(pending) = known.iter().find(|key| key.state == KeyState::Pending) {
        if !immediate {
            return Ok(Rotated::To(pending.clone()));
        }
        activate(transaction, &pending.kid, now)?;
        return Ok(Rotated::To(pending.clone().activated(now)));
    }
    if known.iter().filter(|key| key.state.published()).count() >= MAX_KEYS {
        return Ok(Rotated::Full);
    }
    let Some(next) = next.filter(|next| known.iter().all(|key| key.kid != next.kid)) else {
        return Ok(Rotated::OtherNeeded);
    };
    let signs = known.iter().any(|key| key.state == KeyState::Active);
    let key = enter(transaction, &known, next, immediate || !signs, now)?;
    let mut changes = vec![Change::KeyPublished { kid: key.kid.clone() }];
    if key.state == KeyState::Active {
        changes.push(Change::KeyActivated { kid: key.kid.clone() });
    }
    transaction.append(&changes, now)?;
    Ok(Rotated::To(key))
}

/// Adds a key; the caller appends its events.
pub(super) fn enter(
    transaction: &mut Transaction<'_>,
    known: &[Key],
    next: &Key,
    at_once: bool,
    now: OffsetDateTime,
) -> QueryResult<Key> {
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
