//! Keys' states: exactly one signs, and what is noted of a key is kept.

use shared::contract::events::Change;
use shared::contract::jwks::MAX_KEYS;
use time::Duration;

use super::fixture::{Fixture, START, second};
use super::on_every_database;
use crate::domain::keys::{Added, Entry, Key, KeyState, KeyStore};

on_every_database! {
    the_first_key_signs_at_once,
    a_planned_key_waits,
    an_imported_key_signs_at_once_only_if_none_has_signed,
    an_imported_key_waits_as_soon_as_a_session_was_opened,
    a_key_that_stops_is_kept_for_its_longest_token,
    a_known_key_is_not_added_again,
    the_set_never_holds_more_than_it_may,
    a_key_goes_no_way_back,
    what_is_served_is_noted_once,
}

fn key(kid: &str) -> Key {
    Key::fresh(kid.into(), format!("n-{kid}"), "AQAB".into(), START)
}

fn add(fixture: &Fixture, kid: &str, entry: Entry, at: i64) -> Added {
    fixture.store.add_key(&key(kid), entry, second(at)).expect("answered")
}

fn states(fixture: &Fixture) -> Vec<(String, KeyState)> {
    let keys = fixture.store.list_keys().expect("a list");
    keys.into_iter().map(|key| (key.kid, key.state)).collect()
}

fn known(fixture: &Fixture, kid: &str) -> Key {
    let mut keys = fixture.store.list_keys().expect("a list").into_iter();
    keys.find(|key| key.kid == kid).expect("known")
}

fn the_first_key_signs_at_once(fixture: &Fixture) {
    let before = fixture.position();
    let Added::New(added) = add(fixture, "a", Entry::Planned, 0) else { panic!("not added") };
    assert_eq!((added.state, added.since), (KeyState::Active, START));
    assert_eq!(known(fixture, "a"), added);
    let (published, activated) =
        (Change::KeyPublished { kid: "a".into() }, Change::KeyActivated { kid: "a".into() });
    assert_eq!(fixture.changes_after(before), [published, activated]);
}

fn a_planned_key_waits(fixture: &Fixture) {
    add(fixture, "a", Entry::Planned, 0);
    let before = fixture.position();
    add(fixture, "b", Entry::Planned, 1);
    assert_eq!(fixture.changes_after(before), [Change::KeyPublished { kid: "b".into() }]);
    assert_eq!(known(fixture, "b").state, KeyState::Pending);

    let before = fixture.position();
    assert!(fixture.store.activate_key("b", second(2)).expect("answered"));
    assert_eq!(fixture.changes_after(before), [Change::KeyActivated { kid: "b".into() }]);
    let expected = [("a".into(), KeyState::Retiring), ("b".into(), KeyState::Active)];
    assert_eq!(states(fixture), expected);
    // Again is no change.
    let before = fixture.position();
    assert!(fixture.store.activate_key("b", second(3)).expect("answered"));
    assert_eq!((fixture.position(), known(fixture, "b").since), (before, second(2)));
}

fn an_imported_key_signs_at_once_only_if_none_has_signed(fixture: &Fixture) {
    add(fixture, "a", Entry::Planned, 0);
    add(fixture, "b", Entry::AtOnceIfUnused, 1);
    assert_eq!(known(fixture, "b").state, KeyState::Active);
    assert_eq!(known(fixture, "a").state, KeyState::Retiring);
    fixture.store.note_signed("b").expect("noted");
    add(fixture, "c", Entry::AtOnceIfUnused, 2);
    assert_eq!(known(fixture, "c").state, KeyState::Pending);
    add(fixture, "d", Entry::AtOnce, 3);
    assert_eq!(known(fixture, "d").state, KeyState::Active);
    // Also if the key that signed is not the active one any more.
    add(fixture, "e", Entry::AtOnceIfUnused, 4);
    assert_eq!(known(fixture, "e").state, KeyState::Pending);
}

fn an_imported_key_waits_as_soon_as_a_session_was_opened(fixture: &Fixture) {
    add(fixture, "a", Entry::Planned, 0);
    let user = fixture.user("ann");
    fixture.open_session(&user);
    // The note that "a" has signed comes a moment after the token.
    add(fixture, "b", Entry::AtOnceIfUnused, 1);
    assert_eq!(known(fixture, "b").state, KeyState::Pending);
}

fn a_key_that_stops_is_kept_for_its_longest_token(fixture: &Fixture) {
    add(fixture, "a", Entry::Planned, 0);
    fixture.store.note_token_life("a", Duration::hours(2)).expect("noted");
    // A shorter setting later makes no older token shorter.
    fixture.store.note_token_life("a", Duration::minutes(5)).expect("noted");
    add(fixture, "b", Entry::AtOnce, 100);
    assert_eq!(known(fixture, "a").last_expiry, Some(second(100 + 7_200)));
    assert_eq!(known(fixture, "a").since, second(100));
}

fn a_known_key_is_not_added_again(fixture: &Fixture) {
    add(fixture, "a", Entry::Planned, 0);
    add(fixture, "b", Entry::AtOnce, 1);
    let before = fixture.position();
    let Added::Known(found) = add(fixture, "a", Entry::AtOnce, 2) else { panic!("not known") };
    assert_eq!((found.state, fixture.position()), (KeyState::Retiring, before));
}

fn the_set_never_holds_more_than_it_may(fixture: &Fixture) {
    for n in 0..MAX_KEYS {
        assert!(matches!(add(fixture, &format!("k{n:02}"), Entry::Planned, 0), Added::New(_)));
    }
    assert_eq!(add(fixture, "more", Entry::Planned, 1), Added::Full);
    fixture.store.activate_key("k01", second(2)).expect("activated");
    fixture.store.retire_key("k00", second(3)).expect("retired");
    assert!(matches!(add(fixture, "more", Entry::Planned, 4), Added::New(_)));
}

fn a_key_goes_no_way_back(fixture: &Fixture) {
    add(fixture, "a", Entry::Planned, 0);
    add(fixture, "b", Entry::AtOnce, 1);
    let store = &fixture.store;
    assert!(!store.activate_key("a", second(2)).expect("answered"), "retiring");
    assert!(!store.retire_key("b", second(2)).expect("answered"), "active");
    assert!(store.retire_key("a", second(2)).expect("answered"));
    assert!(!store.retire_key("a", second(2)).expect("answered"), "retired");
    assert!(!store.activate_key("a", second(2)).expect("answered"), "retired");
    assert!(!store.activate_key("unknown", second(2)).expect("answered"));
    assert_eq!(known(fixture, "a").since, second(2));
}

fn what_is_served_is_noted_once(fixture: &Fixture) {
    add(fixture, "a", Entry::Planned, 0);
    fixture.store.note_served(second(1)).expect("noted");
    add(fixture, "b", Entry::Planned, 2);
    fixture.store.note_served(second(3)).expect("noted");
    assert_eq!(known(fixture, "a").served_at, Some(second(1)));
    assert_eq!(known(fixture, "b").served_at, Some(second(3)));
}
