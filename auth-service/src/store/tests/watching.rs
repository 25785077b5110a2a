//! Wake-ups: whoever waits for the feed learns of every commit, of whichever process.

use super::super::watcher::Watcher;
use super::super::{Database, Existence};
use super::fixture::{START, new_user, sqlite};
use crate::domain::keys::{Entry, Key, KeyStore};
use crate::domain::users::UserStore;

#[test]
fn a_commit_with_events_wakes_those_who_wait() {
    let fixture = sqlite();
    let mut changed = fixture.store.changed();
    assert!(!changed.has_changed().expect("open"));
    fixture.user("Ann");
    assert!(changed.has_changed().expect("open"));
    assert_eq!(*changed.borrow_and_update(), fixture.position());
    fixture.store.create_user(&new_user("Ann"), START).expect("answered");
    assert!(!changed.has_changed().expect("open"), "nothing was committed");
}

#[test]
fn a_commit_of_another_process_is_noticed_at_the_next_look() {
    let fixture = sqlite();
    let file = fixture.folder.path().join("new/auth.db");
    // Another handle shares nothing with the first but the file.
    let other = Database::open(&file, Existence::Expect, START).expect("opened");
    let mut changed = fixture.store.changed();
    let mut watcher = Watcher::new(fixture.store.clone());
    watcher.look().expect("looked");
    assert!(!watcher.look().expect("looked"), "nothing happened");
    other.create_user(&new_user("Ann"), START).expect("created");
    assert!(watcher.look().expect("looked"));
    assert_eq!(*changed.borrow_and_update(), fixture.position());

    let key = Key::fresh("a".into(), "n".into(), "AQAB".into(), START);
    other.add_key(&key, Entry::Planned, START).expect("added");
    watcher.look().expect("looked");
    // A change without an event is news, too: the keys are read again.
    other.note_signed("a").expect("noted");
    changed.mark_unchanged();
    assert!(watcher.look().expect("looked"));
    assert!(!changed.has_changed().expect("open"));
}
