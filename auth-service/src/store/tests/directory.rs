//! The snapshot: pages of users, and on the first one the revocations.

use shared::contract::events::Change;

use super::fixture::{Fixture, START, second};
use super::on_every_database;
use crate::domain::audit::Act;
use crate::domain::clients::{Client, ClientStore};
use crate::domain::directory::DirectoryStore;

on_every_database! { a_snapshot_comes_in_pages, revocations_are_on_the_first_page_alone }

fn a_snapshot_comes_in_pages(fixture: &Fixture) {
    let users: Vec<_> = (0..5).map(|n| fixture.user(&format!("u{n}"))).collect();
    let page = |after| fixture.store.snapshot(after, 2, START).expect("a page");
    let first = page(0);
    assert_eq!((first.users.as_slice(), first.more), (&users[..2], true));
    assert_eq!(first.position, fixture.position());
    let second = page(first.users[1].created_seq);
    assert_eq!((second.users.as_slice(), second.more), (&users[2..4], true));
    let third = page(second.users[1].created_seq);
    assert_eq!((third.users.as_slice(), third.more), (&users[4..], false));
    // A page that is just full is the last one if nothing follows.
    assert!(!fixture.store.snapshot(0, 5, START).expect("a page").more);
}

fn revocations_are_on_the_first_page_alone(fixture: &Fixture) {
    let client = Client {
        client_id: "guard".into(),
        scopes: vec![],
        secret_hash: [7; 32],
        created_at: START,
    };
    fixture.store.add_client(&client, &Act::by_operator(START)).expect("added");
    let user = fixture.user("Ann");
    fixture.store.remove_client("guard", &Act::by_operator(second(1))).expect("removed");
    let first = fixture.store.snapshot(0, 10, START).expect("a page");
    let removed = Change::ClientRemoved { client_id: "guard".into() };
    assert_eq!(first.revocations.into_iter().map(|r| r.change).collect::<Vec<_>>(), [removed]);
    let next = fixture.store.snapshot(user.created_seq, 10, START).expect("a page");
    assert!(next.revocations.is_empty());
}
