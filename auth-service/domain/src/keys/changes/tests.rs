//! The decisions on small sets of keys.

use signet_contract::jwks::MAX_KEYS;
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
fn added_key_signs_at_once_or_replaces_the_standby_key() {
    use Addition::{Activated, Generated, Imported, Standby};
    use KeyState::{Active, Pending, Retired};
    let unused = [key("a", Active), key("b", Pending)];
    let signed = [Key { signed: true, ..key("a", Active) }, key("b", Pending)];
    let alone = [key("a", Active)];
    for (known, addition, sessions_exist, state, replaced) in [
        (&[][..], Standby, false, Active, false),
        (&[], Imported, false, Active, false),
        (&[key("r", Retired)], Generated, true, Active, false),
        (&alone, Standby, true, Pending, false),
        (&alone, Generated, true, Pending, false),
        (&unused, Generated, false, Pending, true),
        (&unused, Imported, false, Active, false),
        (&unused, Imported, true, Pending, true),
        (&signed, Imported, false, Pending, true),
        (&signed, Activated, true, Active, false),
    ] {
        let what = format!("{known:?} {addition:?}");
        let new = key("new", Pending);
        let (added, changes) = add(known, &new, addition, sessions_exist, &act());
        let expected = replaced.then(|| "b".to_owned());
        assert_eq!(added, Added::New { key: key("new", state), replaced: expected }, "{what}");
        let mut left = vec![("new", state)];
        if replaced {
            left.insert(0, ("b", Retired));
        } else if state == Active && active(known).is_some() {
            left.insert(0, ("a", KeyState::Retiring));
        }
        assert_eq!(states(&changes), left, "{what}");
    }
}

#[test]
fn standby_key_and_known_keys_are_not_added_again() {
    let known = [key("a", KeyState::Active), key("b", KeyState::Pending)];
    let nothing = (Added::Nothing, KeyChanges::default());
    let new = key("c", KeyState::Pending);
    assert_eq!(add(&known, &new, Addition::Standby, true, &act()), nothing);
    for addition in [Addition::Generated, Addition::Imported, Addition::Activated] {
        assert_eq!(add(&known, &known[1], addition, true, &act()), nothing);
    }
}

/// Returns a key set without room: a key that signs, a standby key, and many retiring keys.
fn full() -> Vec<Key> {
    let retiring = (3..=MAX_KEYS).map(|n| key(&format!("k{n}"), KeyState::Retiring));
    [key("a", KeyState::Active), key("b", KeyState::Pending)].into_iter().chain(retiring).collect()
}

#[test]
fn full_key_set_refuses_rotations_but_no_revocation_and_no_new_standby_key() {
    use RotationRequest::{Immediate, Ripe, Scheduled};
    let (mut known, none) = (full(), KeyChanges::default());
    let new = key("new", KeyState::Pending);
    assert_eq!(add(&known, &new, Addition::Activated, false, &act()), (Added::Full, none.clone()));
    for request in [Immediate, Ripe, Scheduled] {
        assert_eq!(rotate(&known, "b", request, &act()), (Rotated::Full, none.clone()));
    }
    let (added, _) = add(&known, &new, Addition::Generated, true, &act());
    assert!(matches!(added, Added::New { replaced: Some(_), .. }), "it replaces another");
    let (active, _) = revoke(&known, "a", Some("b"), None, None, &act()).expect("revoked");
    assert_eq!(active, "b");
    known[2].state = KeyState::Retired;
    assert!(matches!(rotate(&known, "b", Ripe, &act()).0, Rotated::To(_)));
}

#[test]
fn scheduled_rotation_is_the_answer_to_the_next_request() {
    use RotationRequest::{Immediate, Ripe, Scheduled};
    let mut known = [key("a", KeyState::Active), key("b", KeyState::Pending)];
    let scheduled = Key { rotation_requested_at: Some(START), ..known[1].clone() };
    let (rotated, changes) = rotate(&known, "b", Scheduled, &act());
    assert_eq!(rotated, Rotated::To(scheduled.clone()));
    assert_eq!((&changes.updated[..], &*changes.events), (&[scheduled.clone()][..], &[][..]));
    assert_eq!(actions(&changes), [Action::KeyRotate]);
    known[1] = scheduled.clone();
    let again = rotate(&known, "b", Scheduled, &act());
    assert_eq!(again, (Rotated::To(scheduled), KeyChanges::default()));
    for request in [Ripe, Immediate] {
        let (rotated, changes) = rotate(&known, "b", request, &act());
        // The request is fulfilled.
        assert_eq!(rotated, Rotated::To(key("b", KeyState::Active)));
        assert_eq!(states(&changes), [("a", KeyState::Retiring), ("b", KeyState::Active)]);
        assert_eq!(actions(&changes), [Action::KeyRotate, Action::KeyActivate]);
    }
    for other in ["a", "c"] {
        let outdated = rotate(&known, other, Ripe, &act());
        assert_eq!(outdated, (Rotated::StandbyChanged, KeyChanges::default()));
    }
}

#[test]
fn request_for_a_rotation_passes_to_the_next_standby_key() {
    let requested = Key { rotation_requested_at: Some(START), ..key("b", KeyState::Pending) };
    let known = [key("a", KeyState::Active), requested];
    let new = key("c", KeyState::Pending);
    // A generated key replaces the standby key.
    let (added, changes) = add(&known, &new, Addition::Generated, true, &act());
    assert!(matches!(added, Added::New { key, .. } if key.rotation_requested_at == Some(START)));
    assert_eq!(changes.updated, [key("b", KeyState::Retired)]);
    // The standby key is revoked, and its successor comes later.
    let (_, changes) = revoke(&known, "b", None, None, None, &act()).expect("revoked");
    let known = [known[0].clone(), changes.updated[0].clone()];
    let (added, changes) = add(&known, &new, Addition::Standby, true, &act());
    assert!(matches!(added, Added::New { key, .. } if key.rotation_requested_at == Some(START)));
    assert_eq!(changes.updated, [key("b", KeyState::Revoked)]);
    // A new key that signs at once fulfils it.
    let (_, changes) = revoke(&known, "a", None, Some(&new), None, &act()).expect("revoked");
    assert!(changes.updated.contains(&key("b", KeyState::Revoked)), "{changes:?}");
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
    assert_eq!(actions(&changes), [Action::KeyRevoke, Action::KeyActivate]);

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
    let done = Revocation::Done { seq: 7, active: "b".into(), kids: vec!["a".into()] };
    assert_eq!(again, Err(done));
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
fn revocation_of_all_keys_voids_each_published_key() {
    let requested = Key { rotation_requested_at: Some(START), ..key("b", KeyState::Pending) };
    let retired = key("d", KeyState::Retired);
    let known = [key("a", KeyState::Active), requested, key("c", KeyState::Retiring), retired];
    let new = key("new", KeyState::Pending);
    let (kids, changes) = revoke_all(&known, &new, &act()).expect("revoked");
    assert_eq!(kids, ["a", "b", "c"]);
    let revoked = kids.iter().map(|kid| (&**kid, KeyState::Revoked));
    let expected: Vec<_> = revoked.chain([("new", KeyState::Active)]).collect();
    assert_eq!(states(&changes), expected);
    assert!(changes.updated.iter().all(|key| key.rotation_requested_at.is_none()));
    let events: Vec<_> = ["a", "b", "c"].map(|kid| Change::KeyRevoked { kid: kid.into() }).into();
    assert_eq!(changes.events[2..], events, "the new key comes first");
    assert_eq!(revoke_all(&known, &known[0], &act()), Err(Revocation::OtherNeeded));
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
