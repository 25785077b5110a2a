//! The decisions on a change of keys: an addition, an activation, a rotation, a revocation.
//!
//! Each function decides by the known keys, oldest first, and returns the writes. The store carries
//! them out in the transaction that read the keys.

use signet_contract::events::Change;
use signet_contract::jwks::MAX_KEYS;

use super::{Activation, Added, Key, KeyState, Revocation, Rotated};
use crate::audit::{self, Act, Action, Subject};

/// The writes of a decision, each list in its order. They are empty if nothing changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyChanges {
    /// The known keys with their new state. They come before `added`: one key is active at a time.
    pub updated: Vec<Key>,
    /// The new key.
    pub added: Option<Key>,
    /// The rows of the audit log.
    pub notes: Vec<audit::NewAuditRow>,
    /// The events of the feed.
    pub events: Vec<Change>,
}

impl KeyChanges {
    fn note(&mut self, act: &Act, action: Action, kid: &str) {
        self.notes.push(act.done(action, Subject::Key(kid.to_owned())));
    }

    /// Makes `key` the active key, in place of the one in `known`. Returns it.
    fn activate(&mut self, known: &[Key], key: Key, act: &Act) -> Key {
        let active = known.iter().find(|key| key.state == KeyState::Active);
        self.updated.extend(active.map(|key| key.clone().stopped(act.at)));
        self.note(act, Action::KeyActivate, &key.kid);
        self.events.push(Change::KeyActivated { kid: key.kid.clone() });
        key.activated(act.at)
    }

    /// Publishes a new key, as the active one if `at_once`. Returns it.
    fn publish(&mut self, known: &[Key], new: &Key, at_once: bool, act: &Act) -> Key {
        let fresh = Key::fresh(new.kid.clone(), new.n.clone(), new.e.clone(), act.at);
        self.events.push(Change::KeyPublished { kid: fresh.kid.clone() });
        let key = if at_once { self.activate(known, fresh, act) } else { fresh };
        self.added = Some(key.clone());
        key
    }
}

/// Adds a key, pending or active as `activation` says. `sessions_exist` is true if a session was ever
/// opened: its token is signed before the key's [`Key::signed`] is noted.
pub fn add(
    known: &[Key],
    new: &Key,
    activation: Activation,
    sessions_exist: bool,
    act: &Act,
) -> (Added, KeyChanges) {
    let mut changes = KeyChanges::default();
    if let Some(key) = find(known, &new.kid) {
        return (Added::Known(key.clone()), changes);
    }
    if full(known) {
        return (Added::Full, changes);
    }
    let at_once = match activation {
        Activation::Planned => false,
        Activation::AtOnceIfUnused => !sessions_exist && !known.iter().any(|key| key.signed),
        Activation::AtOnce => true,
    };
    let action =
        if activation == Activation::Planned { Action::KeyGenerate } else { Action::KeyImport };
    changes.note(act, action, &new.kid);
    let key = changes.publish(known, new, at_once || !signs(known), act);
    (Added::New(key), changes)
}

/// Makes a pending key the active one. Returns `false` if the key is neither pending nor active.
pub fn activate(known: &[Key], kid: &str, act: &Act) -> (bool, KeyChanges) {
    let mut changes = KeyChanges::default();
    match find(known, kid) {
        Some(key) if key.state == KeyState::Pending => {
            let key = changes.activate(known, key.clone(), act);
            changes.updated.push(key);
            (true, changes)
        }
        key => (key.is_some_and(|key| key.state == KeyState::Active), changes),
    }
}

/// Publishes `next` as pending. A key that is pending already is the answer in its place.
/// `immediate` makes the pending key, else `next`, the active one.
pub fn rotate(
    known: &[Key],
    next: Option<&Key>,
    immediate: bool,
    act: &Act,
) -> (Rotated, KeyChanges) {
    let mut changes = KeyChanges::default();
    let row = |kid: &str| {
        let done = act.done(Action::KeyRotate, Subject::Key(kid.to_owned()));
        done.saying(if immediate { "immediate" } else { "planned" })
    };
    if let Some(pending) = known.iter().find(|key| key.state == KeyState::Pending) {
        if !immediate {
            return (Rotated::To(pending.clone()), changes);
        }
        changes.notes.push(row(&pending.kid));
        let key = changes.activate(known, pending.clone(), act);
        changes.updated.push(key.clone());
        return (Rotated::To(key), changes);
    }
    if full(known) {
        return (Rotated::Full, changes);
    }
    let Some(next) = unknown(known, next) else { return (Rotated::OtherNeeded, changes) };
    changes.notes.push(row(&next.kid));
    let key = changes.publish(known, next, immediate || !signs(known), act);
    (Rotated::To(key), changes)
}

/// Revokes a key in any state. If no other key signs, `successor` (a pending key) takes over, or
/// `next` if no such key is pending. A full key set is no obstacle. Returns the id of the key that
/// signs afterwards, with the writes.
///
/// `revoked_at` is the position of an earlier revocation that still matters to a guard. It is the
/// answer if a key signs.
///
/// # Errors
///
/// Returns the answer if nothing changes.
pub fn revoke(
    known: &[Key],
    kid: &str,
    successor: Option<&str>,
    next: Option<&Key>,
    revoked_at: Option<u64>,
    act: &Act,
) -> Result<(String, KeyChanges), Revocation> {
    let key = find(known, kid).ok_or(Revocation::Unknown)?;
    let others: Vec<Key> = known.iter().filter(|key| key.kid != kid).cloned().collect();
    let active = others.iter().find(|key| key.state == KeyState::Active);
    if let (Some(active), Some(seq)) = (active, revoked_at) {
        return Err(Revocation::Done { seq, active: active.kid.clone() });
    }
    let mut changes = KeyChanges::default();
    changes.updated.push(key.clone().revoked(act.at));
    let pending = successor.and_then(|kid| find(&others, kid));
    let pending = pending.filter(|key| key.state == KeyState::Pending);
    let active = match (active, pending) {
        (Some(active), _) => active.kid.clone(),
        (None, Some(pending)) => {
            let key = changes.activate(&others, pending.clone(), act);
            changes.updated.push(key);
            pending.kid.clone()
        }
        (None, None) => {
            let next = unknown(known, next).ok_or(Revocation::OtherNeeded)?;
            changes.publish(&others, next, true, act).kid
        }
    };
    changes.note(act, Action::KeyRevoke, kid);
    // Last: a guard has the successor before it drops this key.
    changes.events.push(Change::KeyRevoked { kid: kid.to_owned() });
    Ok((active, changes))
}

fn find<'k>(known: &'k [Key], kid: &str) -> Option<&'k Key> {
    known.iter().find(|key| key.kid == kid)
}

/// Returns `next` if no key has its id yet.
fn unknown<'k>(known: &[Key], next: Option<&'k Key>) -> Option<&'k Key> {
    next.filter(|next| find(known, &next.kid).is_none())
}

fn signs(known: &[Key]) -> bool {
    known.iter().any(|key| key.state == KeyState::Active)
}

fn full(known: &[Key]) -> bool {
    known.iter().filter(|key| key.state.published()).count() >= MAX_KEYS
}

#[cfg(test)]
mod tests;
