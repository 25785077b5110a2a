//! The states of keys: exactly one key signs, and the notes on a key are kept.

use signet_contract::events::Change;

use time::Duration;

use super::super::inspect;
use super::fixture::{Fixture, START, by_operator, second};
use super::on_every_database;
use auth_domain::keys::{Added, Addition, Key, KeyState, Revocation, Rotated, RotationRequest};

on_every_database! {
    first_key_signs_at_once,
    inspection_returns_the_key_that_signs,
    standby_key_waits,
    one_standby_key_is_published,
    imported_key_waits_after_the_first_token,
    imported_key_waits_after_a_session_was_opened,
    stopped_key_stays_for_its_longest_token,
    known_key_is_not_added_again,
    key_state_never_goes_back,
    served_key_is_recorded_once,
    clock_set_back_restarts_the_lead,
    rotation_to_a_ripe_key_is_one_transaction,
    requested_rotation_is_kept,
    revoked_active_key_is_replaced_in_one_transaction,
    revoked_key_stays_revoked,
    all_keys_are_revoked_in_one_transaction,
}

fn key(kid: &str) -> Key {
    Key::fresh(kid.into(), format!("n-{kid}"), "AQAB".into(), START)
}

fn add(fixture: &Fixture, kid: &str, addition: Addition, at: i64) -> Added {
    fixture.store.add_key(&key(kid), addition, &by_operator(at)).expect("answered")
}

fn states(fixture: &Fixture) -> Vec<(String, KeyState)> {
    let keys = fixture.store.list_keys().expect("a list");
    keys.into_iter().map(|key| (key.kid, key.state)).collect()
}

fn inspection_returns_the_key_that_signs(fixture: &Fixture) {
    let inspected = || inspect(&fixture.location).expect("whole");
    assert_eq!(inspected(), None);
    add(fixture, "a", Addition::Generated, 0);
    add(fixture, "b", Addition::Generated, 1);
    assert_eq!(inspected().as_deref(), Some("a"));
}

fn known(fixture: &Fixture, kid: &str) -> Key {
    let mut keys = fixture.store.list_keys().expect("a list").into_iter();
    keys.find(|key| key.kid == kid).expect("known")
}

fn first_key_signs_at_once(fixture: &Fixture) {
    let before = fixture.position();
    let Added::New { key: added, .. } = add(fixture, "a", Addition::Generated, 0) else {
        panic!("not added")
    };
    assert_eq!((added.state, added.since), (KeyState::Active, START));
    assert_eq!(known(fixture, "a"), added);
    let (published, activated) =
        (Change::KeyPublished { kid: "a".into() }, Change::KeyActivated { kid: "a".into() });
    assert_eq!(fixture.changes_after(before), [published, activated]);
}

fn standby_key_waits(fixture: &Fixture) {
    add(fixture, "a", Addition::Generated, 0);
    let before = fixture.position();
    add(fixture, "b", Addition::Generated, 1);
    assert_eq!(fixture.changes_after(before), [Change::KeyPublished { kid: "b".into() }]);
    assert_eq!(known(fixture, "b").state, KeyState::Pending);

    let before = fixture.position();
    assert!(fixture.store.activate_key("b", &by_operator(2)).expect("answered"));
    assert_eq!(fixture.changes_after(before), [Change::KeyActivated { kid: "b".into() }]);
    let expected = [("a".into(), KeyState::Retiring), ("b".into(), KeyState::Active)];
    assert_eq!(states(fixture), expected);
    // A second activation changes nothing.
    let before = fixture.position();
    assert!(fixture.store.activate_key("b", &by_operator(3)).expect("answered"));
    assert_eq!((fixture.position(), known(fixture, "b").since), (before, second(2)));
}

fn one_standby_key_is_published(fixture: &Fixture) {
    add(fixture, "a", Addition::Standby, 0);
    add(fixture, "b", Addition::Standby, 1);
    let before = fixture.position();
    assert_eq!(add(fixture, "c", Addition::Standby, 2), Added::Nothing);
    assert_eq!(fixture.position(), before);
    let added = add(fixture, "c", Addition::Generated, 2);
    assert!(matches!(added, Added::New { replaced: Some(kid), .. } if kid == "b"));
    let expected = [
        ("a".into(), KeyState::Active),
        ("b".into(), KeyState::Retired),
        ("c".into(), KeyState::Pending),
    ];
    assert_eq!(states(fixture), expected);
    assert_eq!(known(fixture, "b").since, second(2));
}

fn imported_key_waits_after_the_first_token(fixture: &Fixture) {
    add(fixture, "a", Addition::Generated, 0);
    add(fixture, "b", Addition::Imported, 1);
    fixture.store.note_signed("b").expect("noted");
    add(fixture, "c", Addition::Imported, 2);
    assert_eq!(
        ["b", "c"].map(|kid| known(fixture, kid).state),
        [KeyState::Active, KeyState::Pending]
    );
}

fn imported_key_waits_after_a_session_was_opened(fixture: &Fixture) {
    add(fixture, "a", Addition::Generated, 0);
    let user = fixture.user("ann");
    fixture.open_session(&user);
    // The note that "a" has signed comes a moment after the token.
    add(fixture, "b", Addition::Imported, 1);
    assert_eq!(known(fixture, "b").state, KeyState::Pending);
}

fn stopped_key_stays_for_its_longest_token(fixture: &Fixture) {
    add(fixture, "a", Addition::Generated, 0);
    fixture.store.note_token_life("a", Duration::hours(2)).expect("noted");
    // A later, shorter setting does not shorten older tokens.
    fixture.store.note_token_life("a", Duration::minutes(5)).expect("noted");
    add(fixture, "b", Addition::Activated, 100);
    assert_eq!(known(fixture, "a").last_expiry, Some(second(100 + 7_200)));
    assert_eq!(known(fixture, "a").since, second(100));
}

fn known_key_is_not_added_again(fixture: &Fixture) {
    add(fixture, "a", Addition::Generated, 0);
    add(fixture, "b", Addition::Activated, 1);
    let before = fixture.position();
    assert_eq!(add(fixture, "a", Addition::Activated, 2), Added::Nothing);
    assert_eq!((known(fixture, "a").state, fixture.position()), (KeyState::Retiring, before));
}

fn key_state_never_goes_back(fixture: &Fixture) {
    add(fixture, "a", Addition::Generated, 0);
    add(fixture, "b", Addition::Activated, 1);
    let store = &fixture.store;
    assert!(!store.activate_key("a", &by_operator(2)).expect("answered"), "retiring");
    assert!(!store.retire_key("b", &by_operator(2)).expect("answered"), "active");
    assert!(store.retire_key("a", &by_operator(2)).expect("answered"));
    assert!(!store.retire_key("a", &by_operator(2)).expect("answered"), "retired");
    assert!(!store.activate_key("a", &by_operator(2)).expect("answered"), "retired");
    assert!(!store.activate_key("unknown", &by_operator(2)).expect("answered"));
    assert_eq!(known(fixture, "a").since, second(2));
}

fn served_key_is_recorded_once(fixture: &Fixture) {
    add(fixture, "a", Addition::Generated, 0);
    fixture.store.note_served(second(1)).expect("noted");
    add(fixture, "b", Addition::Generated, 2);
    fixture.store.note_served(second(3)).expect("noted");
    assert_eq!(known(fixture, "a").served_at, Some(second(1)));
    assert_eq!(known(fixture, "b").served_at, Some(second(3)));
}

fn clock_set_back_restarts_the_lead(fixture: &Fixture) {
    add(fixture, "a", Addition::Generated, 0);
    fixture.store.note_served(second(1_000)).expect("noted");
    fixture.store.note_served(second(5)).expect("noted");
    assert_eq!(known(fixture, "a").served_at, Some(second(5)));
    // Its tokens expire by the clock at the time of their issue.
    fixture.store.note_last_expiry("a", second(3_000)).expect("noted");
    fixture.store.note_last_expiry("a", second(2_000)).expect("noted");
    fixture.store.note_token_life("a", Duration::seconds(100)).expect("noted");
    add(fixture, "b", Addition::Activated, 10);
    assert_eq!(known(fixture, "a").last_expiry, Some(second(3_000)));
}

fn rotate(fixture: &Fixture, kid: &str, request: RotationRequest, at: i64) -> Rotated {
    fixture.store.rotate(kid, request, &by_operator(at)).expect("answered")
}

fn rotation_to_a_ripe_key_is_one_transaction(fixture: &Fixture) {
    add(fixture, "a", Addition::Generated, 0);
    add(fixture, "b", Addition::Standby, 1);
    let before = fixture.position();
    let Rotated::To(key) = rotate(fixture, "b", RotationRequest::Ripe, 2) else { panic!("none") };
    assert_eq!((key.state, key.since), (KeyState::Active, second(2)));
    assert_eq!(fixture.changes_after(before), [Change::KeyActivated { kid: "b".into() }]);
    assert_eq!(states(fixture), [("a".into(), KeyState::Retiring), ("b".into(), KeyState::Active)]);
    let before = fixture.position();
    assert_eq!(rotate(fixture, "b", RotationRequest::Ripe, 3), Rotated::StandbyChanged);
    assert_eq!(fixture.position(), before);
}

fn requested_rotation_is_kept(fixture: &Fixture) {
    add(fixture, "a", Addition::Generated, 0);
    add(fixture, "b", Addition::Standby, 1);
    let before = fixture.position();
    rotate(fixture, "b", RotationRequest::Scheduled, 2);
    assert_eq!(known(fixture, "b").rotation_requested_at, Some(second(2)));
    assert_eq!(fixture.position(), before, "guards have nothing to do yet");
    // A key that replaces the standby key takes the request over, and a rotation fulfils it.
    add(fixture, "c", Addition::Generated, 3);
    let requested = |kid| known(fixture, kid).rotation_requested_at.is_some();
    assert_eq!(["b", "c"].map(requested), [false, true]);
    assert!(fixture.store.activate_key("c", &by_operator(4)).expect("answered"));
    assert!(!requested("c"));
}

fn all_keys_are_revoked_in_one_transaction(fixture: &Fixture) {
    for (kid, addition) in
        [("a", Addition::Generated), ("b", Addition::Activated), ("c", Addition::Standby)]
    {
        add(fixture, kid, addition, 0);
    }
    let before = fixture.position();
    let done = fixture.store.revoke_all_keys(&key("d"), &by_operator(1)).expect("answered");
    let kids = ["a", "b", "c"].map(str::to_owned);
    let seq = fixture.position();
    assert_eq!(done, Revocation::Done { seq, active: "d".into(), kids: kids.clone().into() });
    let new = [Change::KeyPublished { kid: "d".into() }, Change::KeyActivated { kid: "d".into() }];
    let revoked = kids.map(|kid| Change::KeyRevoked { kid });
    assert_eq!(fixture.changes_after(before), [&new[..], &revoked].concat());
}

fn revoke(fixture: &Fixture, kid: &str, successor: Option<&str>, next: Option<&str>) -> Revocation {
    let next = next.map(key);
    fixture.store.revoke_key(kid, successor, next.as_ref(), &by_operator(9)).expect("answered")
}

fn revoked_active_key_is_replaced_in_one_transaction(fixture: &Fixture) {
    add(fixture, "a", Addition::Generated, 0);
    let before = fixture.position();
    assert_eq!(revoke(fixture, "a", None, None), Revocation::OtherNeeded);
    assert_eq!(revoke(fixture, "a", None, Some("a")), Revocation::OtherNeeded);
    assert_eq!(fixture.position(), before);
    revoke(fixture, "a", None, Some("b"));
    let expected = [
        Change::KeyPublished { kid: "b".into() },
        Change::KeyActivated { kid: "b".into() },
        Change::KeyRevoked { kid: "a".into() },
    ];
    assert_eq!(fixture.changes_after(before), expected);
    assert_eq!(states(fixture), [("a".into(), KeyState::Revoked), ("b".into(), KeyState::Active)]);
    // A pending successor takes over.
    add(fixture, "c", Addition::Generated, 10);
    let done = revoke(fixture, "b", Some("c"), None);
    let Revocation::Done { active, .. } = done else { panic!("{done:?}") };
    assert_eq!((&*active, known(fixture, "c").state), ("c", KeyState::Active));
}

fn revoked_key_stays_revoked(fixture: &Fixture) {
    for (kid, at) in [("a", 0), ("b", 1), ("c", 2)] {
        add(fixture, kid, Addition::Activated, at);
    }
    fixture.store.retire_key("a", &by_operator(3)).expect("retired");
    let first = revoke(fixture, "b", None, None);
    let done = |kid: &str| {
        let (seq, active, kids) = (fixture.position(), "c".into(), vec![kid.into()]);
        Revocation::Done { seq, active, kids }
    };
    assert_eq!(first, done("b"));
    assert_eq!(revoke(fixture, "a", None, None), done("a"));
    let before = fixture.position();
    assert_eq!(revoke(fixture, "b", None, None), first, "again is no change");
    assert_eq!(revoke(fixture, "nobody", None, Some("d")), Revocation::Unknown);
    for kid in ["a", "b"] {
        assert!(!fixture.store.activate_key(kid, &by_operator(4)).expect("answered"), "{kid}");
        assert!(!fixture.store.retire_key(kid, &by_operator(4)).expect("answered"), "{kid}");
        assert_eq!(add(fixture, kid, Addition::Activated, 5), Added::Nothing, "{kid}");
        assert_eq!(rotate(fixture, kid, RotationRequest::Immediate, 5), Rotated::StandbyChanged);
        assert_eq!(known(fixture, kid).state, KeyState::Revoked);
    }
    assert_eq!(fixture.position(), before);
}
