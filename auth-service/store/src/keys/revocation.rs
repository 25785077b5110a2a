//! Revokes a key and activates its successor, in one transaction.

use diesel::prelude::*;
use signet_contract::events::Change;

use super::super::feed::body;
use super::super::schema::revocations;
use super::super::transaction::Transaction;
use super::super::values::position;
use super::{list, note, rotation, stop_active, update};
use auth_domain::audit::{Act, Action};
use auth_domain::keys::{Key, KeyState, Revocation};

pub(super) fn revoke(
    transaction: &mut Transaction<'_>,
    kid: &str,
    heir: Option<&str>,
    next: Option<&Key>,
    act: &Act,
) -> QueryResult<Revocation> {
    let known = list(transaction.connection)?;
    let Some(key) = known.iter().find(|key| key.kid == kid) else {
        return Ok(Revocation::Unknown);
    };
    let active = known.iter().find(|key| key.state == KeyState::Active);
    if let (KeyState::Revoked, Some(active)) = (key.state, active) {
        let first = revoked_by(transaction, kid)?;
        if let Some(seq) = first {
            return Ok(Revocation::Done { seq, active: active.kid.clone() });
        }
    }
    let mut changes = Vec::new();
    let active = match active {
        Some(active) if active.kid != kid => active.kid.clone(),
        _ => match take_over(transaction, &known, heir, next, act, &mut changes)? {
            Some(active) => active,
            None => return Ok(Revocation::OtherNeeded),
        },
    };
    let last_expiry = None;
    update(
        transaction.connection,
        &Key { state: KeyState::Revoked, since: act.at, last_expiry, ..key.clone() },
    )?;
    note(transaction, act, Action::KeyRevoke, kid)?;
    // Last: a guard has the successor before it drops this key.
    changes.push(Change::KeyRevoked { kid: kid.to_owned() });
    let first = transaction.append(&changes, act.at)?;
    let seq = transaction.position().unwrap_or(first);
    Ok(Revocation::Done { seq, active })
}

/// Returns the position at which a key was revoked, for as long as it can matter to a guard.
fn revoked_by(transaction: &mut Transaction<'_>, kid: &str) -> QueryResult<Option<u64>> {
    let revocation = body(&Change::KeyRevoked { kid: kid.to_owned() })?;
    revocations::table
        .filter(revocations::body.eq(revocation))
        .select(diesel::dsl::max(revocations::seq))
        .first::<Option<i64>>(transaction.connection)?
        .map(position)
        .transpose()
}

/// Activates another key and returns its id, or `None` if there is no other key.
fn take_over(
    transaction: &mut Transaction<'_>,
    known: &[Key],
    heir: Option<&str>,
    next: Option<&Key>,
    act: &Act,
    changes: &mut Vec<Change>,
) -> QueryResult<Option<String>> {
    let pending = known
        .iter()
        .find(|key| key.state == KeyState::Pending && heir.is_some_and(|heir| heir == key.kid));
    let kid = if let Some(heir) = pending {
        stop_active(transaction.connection, known, act.at)?;
        update(transaction.connection, &heir.clone().activated(act.at))?;
        heir.kid.clone()
    } else {
        let unknown = |next: &&Key| known.iter().all(|key| key.kid != next.kid);
        let Some(next) = next.filter(unknown) else { return Ok(None) };
        changes.push(Change::KeyPublished { kid: next.kid.clone() });
        rotation::enter(transaction, known, next, true, act)?.kid
    };
    note(transaction, act, Action::KeyActivate, &kid)?;
    changes.push(Change::KeyActivated { kid: kid.clone() });
    Ok(Some(kid))
}
