//! Wake-ups: whoever waits for the feed learns of every commit, of whichever process.

use std::time::{Duration, Instant};

use super::super::watcher::Watcher;
use super::fixture::{Fixture, START, new_user};
use super::on_every_database;
use crate::domain::audit::Act;
use crate::domain::keys::{Entry, Key, KeyStore};
use crate::domain::users::UserStore;

on_every_database! {
    a_commit_with_events_wakes_those_who_wait,
    a_commit_of_another_process_is_noticed_soon,
}

fn a_commit_with_events_wakes_those_who_wait(fixture: &Fixture) {
    let mut changed = fixture.store.changed();
    assert!(!changed.has_changed().expect("open"));
    fixture.user("Ann");
    assert!(changed.has_changed().expect("open"));
    assert_eq!(*changed.borrow_and_update(), fixture.position());
    fixture.store.create_user(&new_user("Ann"), &Act::by_operator(START)).expect("answered");
    assert!(!changed.has_changed().expect("open"), "nothing was committed");
}

/// A notification takes its time on the way; half a second is less than the slow poll's.
fn soon(mut look: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(500) {
        if look() {
            return true;
        }
    }
    false
}

fn a_commit_of_another_process_is_noticed_soon(fixture: &Fixture) {
    let other = fixture.other(START);
    let mut changed = fixture.store.changed();
    let mut watcher = Watcher::new(fixture.store.clone());
    watcher.look().expect("looked");
    assert!(!watcher.look().expect("looked"), "nothing happened");
    other.create_user(&new_user("Ann"), &Act::by_operator(START)).expect("created");
    assert!(soon(|| {
        watcher.look().expect("looked");
        changed.has_changed().expect("open")
    }));
    assert_eq!(*changed.borrow_and_update(), fixture.position());

    let key = Key::fresh("a".into(), "n".into(), "AQAB".into(), START);
    other.add_key(&key, Entry::Planned, &Act::by_operator(START)).expect("added");
    assert!(soon(|| watcher.look().expect("looked")));
    // A change without an event is news, too: the keys are read again.
    other.note_signed("a").expect("noted");
    changed.mark_unchanged();
    assert!(soon(|| watcher.look().expect("looked")));
    assert!(!changed.has_changed().expect("open"));
}
