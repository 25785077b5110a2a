//! Clients: one per id, and each removal is in the feed.

use std::sync::Barrier;
use std::time::Duration;

use signet_contract::events::Change;

use super::fixture::{Fixture, START, by_operator, second};
use super::on_every_database;
use auth_domain::clients::{Client, PreviousSecret};

on_every_database! {
    client_is_stored_as_registered,
    new_secret_keeps_only_the_previous_one_for_the_overlap,
    concurrent_rotations_keep_two_secrets,
    removed_client_has_one_event,
    first_start_is_recorded_once,
}

fn client(client_id: &str) -> Client {
    let scopes = vec!["directory:read".into(), "events:read".into()];
    let audiences = vec!["api-service".into(), "billing".into()];
    Client { audiences, ..Client::new(client_id, scopes, [7; 32], START) }
}

fn client_is_stored_as_registered(fixture: &Fixture) {
    let store = &fixture.store;
    assert!(store.add_client(&client("b"), &by_operator(0)).expect("added"));
    assert!(store.add_client(&client("a"), &by_operator(0)).expect("added"));
    let other = Client { secret_hash: [8; 32], ..client("a") };
    assert!(!store.add_client(&other, &by_operator(0)).expect("answered"), "the id is taken");
    assert_eq!(store.find_client("a").expect("answered"), Some(client("a")));
    assert_eq!(store.list_clients().expect("a list"), [client("a"), client("b")]);
}

fn new_secret_keeps_only_the_previous_one_for_the_overlap(fixture: &Fixture) {
    let store = &fixture.store;
    store.add_client(&client("a"), &by_operator(0)).expect("added");
    let rotate = |id: &str, secret: u8, overlap: u64, at: i64| {
        let act = by_operator(at);
        let overlap = Duration::from_secs(overlap);
        store.rotate_client_secret(id, &[secret; 32], overlap, &act).expect("answered")
    };
    let previous =
        |secret, until| Some(PreviousSecret { hash: [secret; 32], until: second(until) });
    let first = rotate("a", 8, 60, 1).expect("a client");
    let expected = Client { secret_hash: [8; 32], secret_at: second(1), ..client("a") };
    assert_eq!(first, Client { previous: previous(7, 61), ..expected });
    assert_eq!(store.find_client("a").expect("answered"), Some(first));
    assert_eq!(rotate("a", 9, 5, 2).expect("a client").previous, previous(8, 7));
    let last = rotate("a", 10, 0, 3).expect("a client");
    assert_eq!((last.secret_hash, last.previous), ([10; 32], None));
    assert_eq!(rotate("nobody", 1, 60, 4), None);
}

fn concurrent_rotations_keep_two_secrets(fixture: &Fixture) {
    let store = &fixture.store;
    store.add_client(&client("a"), &by_operator(0)).expect("added");
    let barrier = Barrier::new(4);
    std::thread::scope(|scope| {
        for secret in 1..=4 {
            let barrier = &barrier;
            scope.spawn(move || {
                barrier.wait();
                let (act, overlap) = (by_operator(0), Duration::from_mins(1));
                let rotated = store.rotate_client_secret("a", &[secret; 32], overlap, &act);
                let rotated = rotated.expect("answered").expect("a client");
                assert_eq!(rotated.secret_hash, [secret; 32], "each caller gets its own secret");
            });
        }
    });
    let left = store.find_client("a").expect("answered").expect("a client");
    let before = left.previous.expect("one before").hash;
    assert!(before != left.secret_hash && before != [7; 32], "{before:?}");
}

fn removed_client_has_one_event(fixture: &Fixture) {
    fixture.store.add_client(&client("a"), &by_operator(0)).expect("added");
    let before = fixture.position();
    assert!(fixture.store.remove_client("a", &by_operator(0)).expect("answered"));
    assert!(!fixture.store.remove_client("a", &by_operator(0)).expect("answered"));
    assert_eq!(fixture.changes_after(before), [Change::ClientRemoved { client_id: "a".into() }]);
}

fn first_start_is_recorded_once(fixture: &Fixture) {
    assert!(!fixture.store.first_start_done().expect("answered"));
    fixture.store.note_first_start(START).expect("noted");
    fixture.store.note_first_start(START).expect("noted again");
    assert!(fixture.store.first_start_done().expect("answered"));
}
