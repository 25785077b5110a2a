//! The decisions on small sets of keys.

use time::OffsetDateTime;
use time::macros::datetime;

use super::*;

const START: OffsetDateTime = datetime!(2026-01-02 03:04:05 UTC);

fn act() -> Act {
    Act::by_operator(START)
}

fn key(kid: &str, state: KeyState) -> Key {
    Key { state, ..Key::fresh(kid.into(), "n".into(), "AQAB".into(), START) }
}

/// Returns the states after the changes, in the order of the writes.
fn states(changes: &KeyChanges) -> Vec<(&str, KeyState)> {
    changes.updated.iter().chain(&changes.added).map(|key| (&*key.kid, key.state)).collect()
}

fn actions(changes: &KeyChanges) -> Vec<Action> {
    changes.notes.iter().map(|note| note.action).collect()
}

#[test]
fn imported_key_signs_at_once_only_if_no_key_has_signed() {
    use Activation::{AtOnce, AtOnceIfUnused, Planned};
    use KeyState::{Active, Pending};
    let unused = [key("a", Active)];
    let signed = [Key { signed: true, ..key("a", KeyState::Retired) }, key("b", Active)];
    for (known, entry, sessions_exist, state) in [
        (&[][..], Planned, false, Active),
        (&signed[..1], AtOnceIfUnused, true, Active),
        (&unused, Planned, false, Pending),
        (&unused, AtOnceIfUnused, false, Active),
        (&unused, AtOnceIfUnused, true, Pending),
        (&signed, AtOnceIfUnused, false, Pending),
        (&signed, AtOnce, true, Active),
    ] {
        let (added, changes) = add(known, &key("new", Pending), entry, sessions_exist, &act());
        assert_eq!(added, Added::New(key("new", state)), "{known:?} {entry:?}");
        let stops = state == Active && signs(known);
        assert_eq!(changes.updated.len(), usize::from(stops), "{known:?} {entry:?}");
    }
}

#[test]
fn full_key_set_refuses_additions_and_rotations_but_no_revocation() {
    let mut known: Vec<_> =
        (1..MAX_KEYS).map(|n| key(&format!("k{n}"), KeyState::Retiring)).collect();
    known.push(key("a", KeyState::Active));
    let new = key("new", KeyState::Pending);
    let none = KeyChanges::default();
    let added = add(&known, &new, Activation::AtOnce, false, &act());
    assert_eq!(added, (Added::Full, none.clone()));
    for immediate in [true, false] {
        let rotated = rotate(&known, Some(&new), immediate, &act());
        assert_eq!(rotated, (Rotated::Full, none.clone()));
    }
    let (active, _) = revoke(&known, "a", None, Some(&new), None, &act()).expect("revoked");
    assert_eq!(active, "new");
    known[0].state = KeyState::Retired;
    assert!(matches!(add(&known, &new, Activation::AtOnce, false, &act()).0, Added::New(_)));
}

#[test]
fn rotation_in_progress_is_the_answer_to_the_next_one() {
    let (active, pending) = (key("a", KeyState::Active), key("b", KeyState::Pending));
    for next in [None, Some(&active)] {
        let rotated = rotate(std::slice::from_ref(&active), next, false, &act());
        assert_eq!(rotated, (Rotated::OtherNeeded, KeyChanges::default()));
    }
    let known = [active, pending.clone()];
    let new = key("c", KeyState::Pending);
    let planned = rotate(&known, Some(&new), false, &act());
    assert_eq!(planned, (Rotated::To(pending), KeyChanges::default()));
    let (rotated, changes) = rotate(&known, Some(&new), true, &act());
    assert_eq!(rotated, Rotated::To(key("b", KeyState::Active)));
    assert_eq!(states(&changes), [("a", KeyState::Retiring), ("b", KeyState::Active)]);
    assert_eq!(actions(&changes), [Action::KeyRotate, Action::KeyActivate]);
}

#[test]
fn revoked_key_ends_after_its_successor_signs() {
    let known = [key("a", KeyState::Active), key("b", KeyState::Pending)];
    let new = key("c", KeyState::Pending);
    let activated = |kid: &str| Change::KeyActivated { kid: kid.into() };
    let revoked = Change::KeyRevoked { kid: "a".into() };

    let (active, changes) = revoke(&known, "a", Some("b"), Some(&new), None, &act()).expect("one");
    assert_eq!(active, "b");
    assert_eq!(states(&changes), [("a", KeyState::Revoked), ("b", KeyState::Active)]);
    assert_eq!(changes.events, [activated("b"), revoked.clone()]);
    assert_eq!(actions(&changes), [Action::KeyActivate, Action::KeyRevoke]);

    let (active, changes) = revoke(&known, "a", None, Some(&new), None, &act()).expect("one");
    assert_eq!(active, "c");
    assert_eq!(states(&changes), [("a", KeyState::Revoked), ("c", KeyState::Active)]);
    let published = Change::KeyPublished { kid: "c".into() };
    assert_eq!(changes.events, [published, activated("c"), revoked]);
}

#[test]
fn revocation_without_effect_names_the_active_key() {
    let known = [key("a", KeyState::Revoked), key("b", KeyState::Active)];
    let again = revoke(&known, "a", None, None, Some(7), &act());
    assert_eq!(again, Err(Revocation::Done { seq: 7, active: "b".into() }));
    // The feed no longer holds the first revocation.
    let (active, changes) = revoke(&known, "a", None, None, None, &act()).expect("one");
    assert_eq!((&*active, changes.events.len()), ("b", 1));
    assert_eq!(revoke(&known, "none", None, None, None, &act()), Err(Revocation::Unknown));
    for next in [None, Some(&known[0])] {
        let other = revoke(&known, "b", None, next, None, &act());
        assert_eq!(other, Err(Revocation::OtherNeeded));
    }
}

#[test]
fn activation_needs_a_pending_key() {
    let states = [KeyState::Active, KeyState::Retiring, KeyState::Retired, KeyState::Revoked];
    for state in states {
        let (signs, changes) = activate(&[key("a", state)], "a", &act());
        assert_eq!((signs, changes), (state == KeyState::Active, KeyChanges::default()));
    }
    assert!(activate(&[key("a", KeyState::Pending)], "a", &act()).0);
    assert!(!activate(&[], "a", &act()).0);
}
