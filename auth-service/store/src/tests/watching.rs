//! Wake-ups: a task that waits for the feed is notified of every commit, by any process.

use std::time::Duration;

use support::poll;

use super::super::watcher::Watcher;
use super::fixture::{Fixture, START, by_operator, new_user};
use super::on_every_database;
use auth_domain::keys::{Addition, Key};

on_every_database! {
    commit_with_events_wakes_receivers,
    watcher_detects_commits_of_other_processes,
}

fn commit_with_events_wakes_receivers(fixture: &Fixture) {
    let mut changed = fixture.store.changed();
    assert!(!changed.has_changed().expect("open"));
    fixture.user("Ann");
    assert!(changed.has_changed().expect("open"));
    assert_eq!(*changed.borrow_and_update(), fixture.position());
    fixture.store.create_user(&new_user("Ann"), &by_operator(0)).expect("answered");
    assert!(!changed.has_changed().expect("open"), "nothing was committed");
}

/// Waits until `look` is true: a notification takes time to arrive.
fn wait_until(look: impl FnMut() -> bool) {
    poll::until("the watcher detects the commit", Duration::from_secs(20), look);
}

fn watcher_detects_commits_of_other_processes(fixture: &Fixture) {
    let other = fixture.other(START);
    let mut changed = fixture.store.changed();
    let mut watcher = Watcher::without_slow_poll(fixture.store.clone());
    watcher.look().expect("looked");
    assert!(!watcher.look().expect("looked"), "nothing happened");
    other.create_user(&new_user("Ann"), &by_operator(0)).expect("created");
    wait_until(|| {
        watcher.look().expect("looked");
        changed.has_changed().expect("open")
    });
    assert_eq!(*changed.borrow_and_update(), fixture.position());

    let key = Key::fresh("a".into(), "n".into(), "AQAB".into(), START);
    other.add_key(&key, Addition::Generated, &by_operator(0)).expect("added");
    wait_until(|| watcher.look().expect("looked"));
    // A change without an event also counts: the keys are read again.
    other.note_signed("a").expect("noted");
    changed.mark_unchanged();
    wait_until(|| watcher.look().expect("looked"));
    assert!(!changed.has_changed().expect("open"));
}
