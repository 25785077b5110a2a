//! The decisions on a change of keys: an addition, an activation, a rotation, a revocation.
//!
//! Each function decides by the known keys, oldest first, and returns the writes. The store carries
//! them out in the transaction that read the keys.

use signet_contract::events::Change;

use super::{
    Added, Addition, Key, KeyState, Revocation, Rotated, RotationRequest, active, has_room, standby,
};
use crate::audit::{self, Act, Action, Subject};

/// The writes of a decision, each list in its order. They are empty if nothing changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyChanges {
    /// The known keys with their new state. They come before `added`: one key is active at a time,
    /// and one is the standby key.
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
        self.updated.extend(active(known).map(|key| key.clone().stopped(act.at)));
        self.note(act, Action::KeyActivate, &key.kid);
        self.events.push(Change::KeyActivated { kid: key.kid.clone() });
        key.activated(act.at)
    }

    /// Publishes a new key, as the active one if `at_once`. Returns it.
    fn publish(&mut self, known: &[Key], new: &Key, at_once: bool, act: &Act) -> Key {
        let mut fresh = Key::fresh(new.kid.clone(), new.n.clone(), new.e.clone(), act.at);
        self.events.push(Change::KeyPublished { kid: fresh.kid.clone() });
        let key = if at_once {
            self.activate(known, fresh, act)
        } else {
            fresh.rotation_requested_at = known.iter().find_map(|key| key.rotation_requested_at);
            self.withdraw_requests(known);
            fresh
        };
        self.added = Some(key.clone());
        key
    }

    /// Removes the requests for a rotation from the known keys: another key has them now.
    fn withdraw_requests(&mut self, known: &[Key]) {
        for key in known.iter().filter(|key| key.rotation_requested_at.is_some()) {
            match self.updated.iter_mut().find(|updated| updated.kid == key.kid) {
                Some(updated) => updated.rotation_requested_at = None,
                None => self.updated.push(Key { rotation_requested_at: None, ..key.clone() }),
            }
        }
    }

    /// Revokes a known key.
    fn revoke(&mut self, key: &Key, act: &Act) {
        self.updated.push(key.clone().revoked(act.at));
        self.note(act, Action::KeyRevoke, &key.kid);
    }
}

/// Adds a key. `sessions_exist` is true if a session was ever opened: its token is signed before the
/// key's [`Key::signed`] is noted.
pub fn add(
    known: &[Key],
    new: &Key,
    addition: Addition,
    sessions_exist: bool,
    act: &Act,
) -> (Added, KeyChanges) {
    let mut changes = KeyChanges::default();
    let at_once = active(known).is_none()
        || match addition {
            Addition::Standby | Addition::Generated => false,
            Addition::Imported => !sessions_exist && !known.iter().any(|key| key.signed),
            Addition::Activated => true,
        };
    let replaced = standby(known).filter(|_| !at_once);
    if find(known, &new.kid).is_some() || (addition == Addition::Standby && replaced.is_some()) {
        return (Added::Nothing, changes);
    }
    if replaced.is_none() && !has_room(known) {
        return (Added::Full, changes);
    }
    let action = match addition {
        Addition::Standby | Addition::Generated => Action::KeyGenerate,
        Addition::Imported | Addition::Activated => Action::KeyImport,
    };
    changes.note(act, action, &new.kid);
    if let Some(key) = replaced {
        changes.updated.push(key.clone().retired(act.at));
        changes.note(act, Action::KeyRetire, &key.kid);
    }
    let key = changes.publish(known, new, at_once, act);
    (Added::New { key, replaced: replaced.map(|key| key.kid.clone()) }, changes)
}

/// Makes the standby key the active one. Returns `false` if the key is neither.
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

/// Rotates to the standby key `kid`, or schedules it, as `request` says. A rotation that is scheduled
/// already changes nothing.
pub fn rotate(
    known: &[Key],
    kid: &str,
    request: RotationRequest,
    act: &Act,
) -> (Rotated, KeyChanges) {
    let mut changes = KeyChanges::default();
    let Some(standby) = standby(known).filter(|key| key.kid == kid) else {
        return (Rotated::StandbyChanged, changes);
    };
    if !has_room(known) {
        return (Rotated::Full, changes);
    }
    if request == RotationRequest::Scheduled && standby.rotation_requested_at.is_some() {
        return (Rotated::To(standby.clone()), changes);
    }
    let done = act.done(Action::KeyRotate, Subject::Key(kid.to_owned()));
    let how = if request == RotationRequest::Immediate { "immediate" } else { "planned" };
    changes.notes.push(done.saying(how));
    let key = match request {
        RotationRequest::Scheduled => {
            Key { rotation_requested_at: Some(act.at), ..standby.clone() }
        }
        _ => changes.activate(known, standby.clone(), act),
    };
    changes.updated.push(key.clone());
    (Rotated::To(key), changes)
}

/// Revokes a key in any state. If no other key signs, `successor` (the standby key) takes over, or
/// `next` if there is none. A full key set is no obstacle. Returns the id of the key that signs
/// afterwards, with the writes.
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
    let signing = active(&others);
    if let (Some(key), Some(seq)) = (signing, revoked_at) {
        let (active, kids) = (key.kid.clone(), vec![kid.to_owned()]);
        return Err(Revocation::Done { seq, active, kids });
    }
    let mut changes = KeyChanges::default();
    changes.revoke(key, act);
    let standby = standby(&others).filter(|key| Some(&*key.kid) == successor);
    let active = match (signing, standby) {
        (Some(active), _) => active.kid.clone(),
        (None, Some(standby)) => {
            let key = changes.activate(&others, standby.clone(), act);
            changes.updated.push(key);
            standby.kid.clone()
        }
        (None, None) => {
            let next = unknown(known, next).ok_or(Revocation::OtherNeeded)?;
            changes.withdraw_requests(known);
            changes.publish(&others, next, true, act).kid
        }
    };
    // Last: a guard has the successor before it drops this key.
    changes.events.push(Change::KeyRevoked { kid: kid.to_owned() });
    Ok((active, changes))
}

/// Revokes every published key; `next` signs from now on. A request for a rotation is fulfilled.
///
/// # Errors
///
/// [`Revocation::OtherNeeded`] if `next` is known.
pub fn revoke_all(
    known: &[Key],
    next: &Key,
    act: &Act,
) -> Result<(Vec<String>, KeyChanges), Revocation> {
    let next = unknown(known, Some(next)).ok_or(Revocation::OtherNeeded)?;
    let published = || known.iter().filter(|key| key.state.published());
    let kids: Vec<_> = published().map(|key| key.kid.clone()).collect();
    let mut changes = KeyChanges::default();
    published().for_each(|key| changes.revoke(key, act));
    changes.withdraw_requests(known);
    changes.publish(&[], next, true, act);
    // Last: a guard has the new key before it drops the others.
    changes.events.extend(kids.iter().map(|kid| Change::KeyRevoked { kid: kid.clone() }));
    Ok((kids, changes))
}

fn find<'k>(known: &'k [Key], kid: &str) -> Option<&'k Key> {
    known.iter().find(|key| key.kid == kid)
}

/// Returns `next` if no key has its id yet.
fn unknown<'k>(known: &[Key], next: Option<&'k Key>) -> Option<&'k Key> {
    next.filter(|next| find(known, &next.kid).is_none())
}

#[cfg(test)]
mod tests;
