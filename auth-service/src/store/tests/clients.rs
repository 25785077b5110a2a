//! Clients: one per id, a removal told in the feed.

use shared::contract::events::Change;

use super::fixture::{Fixture, START};
use super::on_every_database;
use crate::domain::audit::Act;
use crate::domain::clients::{Client, ClientStore};

on_every_database! { a_client_is_kept_as_registered, a_removed_client_is_told, the_first_start_is_noted_once }

fn client(client_id: &str) -> Client {
    Client {
        client_id: client_id.into(),
        scopes: vec!["directory:read".into(), "events:read".into()],
        secret_hash: [7; 32],
        created_at: START,
    }
}

fn a_client_is_kept_as_registered(fixture: &Fixture) {
    let store = &fixture.store;
    assert!(store.add_client(&client("b"), &Act::by_operator(START)).expect("added"));
    assert!(store.add_client(&client("a"), &Act::by_operator(START)).expect("added"));
    let other = Client { secret_hash: [8; 32], ..client("a") };
    assert!(
        !store.add_client(&other, &Act::by_operator(START)).expect("answered"),
        "the id is taken"
    );
    assert_eq!(store.find_client("a").expect("answered"), Some(client("a")));
    assert_eq!(store.list_clients().expect("a list"), [client("a"), client("b")]);
    assert!(store.set_client_secret("a", &[9; 32], &Act::by_operator(START)).expect("answered"));
    assert_eq!(store.find_client("a").expect("answered").expect("a client").secret_hash, [9; 32]);
    assert!(!store.set_client_secret("c", &[9; 32], &Act::by_operator(START)).expect("answered"));
}

fn a_removed_client_is_told(fixture: &Fixture) {
    fixture.store.add_client(&client("a"), &Act::by_operator(START)).expect("added");
    let before = fixture.position();
    assert!(fixture.store.remove_client("a", &Act::by_operator(START)).expect("answered"));
    assert!(!fixture.store.remove_client("a", &Act::by_operator(START)).expect("answered"));
    assert_eq!(fixture.changes_after(before), [Change::ClientRemoved { client_id: "a".into() }]);
}

fn the_first_start_is_noted_once(fixture: &Fixture) {
    assert!(!fixture.store.first_start_done().expect("answered"));
    fixture.store.note_first_start(START).expect("noted");
    fixture.store.note_first_start(START).expect("noted again");
    assert!(fixture.store.first_start_done().expect("answered"));
}
