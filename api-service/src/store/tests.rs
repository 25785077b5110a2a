//! The contract between the replica and the guard.

use std::path::PathBuf;

use signet_contract::directory::{DirectoryUser, UserState};
use signet_contract::events::{Change, Event, UserChange};
use signet_files::file_lock::FileLockError;
use signet_guard::GuardStore;
use signet_guard::store::{Batch, Contact, SavedKeys, SnapshotEnd, UserRecord};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use super::*;
use crate::domain::cursor::Cursor;
use crate::domain::directory::{Directory, DirectoryError, User};
use bytes::Bytes;

mod damage;
mod memory;
mod pages;
mod plans;
mod snapshots;

const NOW: OffsetDateTime = datetime!(2026-01-02 03:04:05.678901 UTC);

/// A folder for one replica.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        support::plans::collect();
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("deep/api.db")
    }

    fn open(&self) -> Replica {
        Replica::open(&self.path(), 2).expect("a replica")
    }
}

fn user(name: &str) -> DirectoryUser {
    DirectoryUser {
        public_id: Uuid::new_v4(),
        name: name.into(),
        email: format!("{name}@example.org"),
        state: UserState::Active,
        roles: vec!["user".into()],
    }
}

fn full(user: &DirectoryUser) -> UserChange {
    UserChange {
        public_id: user.public_id,
        state: user.state,
        name: Some(user.name.clone()),
        email: Some(user.email.clone()),
        roles: Some(user.roles.clone()),
    }
}

/// Creates a change with only the state.
fn bare(public_id: Uuid, state: UserState) -> UserChange {
    UserChange { public_id, state, name: None, email: None, roles: None }
}

fn event(seq: u64, change: Change) -> Event {
    Event { seq, at: NOW, change }
}

fn apply(replica: &Replica, events: &[Event]) {
    let position = events.last().expect("an event").seq;
    let batch = Batch { events, revocations: &[], forget: &[], position, at: NOW };
    replica.apply(&batch).expect("applied");
}

fn snapshot(replica: &Replica, users: &[DirectoryUser], position: u64) {
    replica.begin_snapshot().expect("begun");
    for page in users.chunks(2) {
        replica.stage_users(page).expect("staged");
    }
    let end = SnapshotEnd { revocations: &[], forget: &[], position, at: NOW };
    replica.finish_snapshot(&end).expect("finished");
}

/// Returns the names on a page, and the start of the next one.
fn page(replica: &Replica, after: Option<Cursor>, limit: u16) -> (Vec<String>, Option<Cursor>) {
    let json = replica.page(after, limit).expect("a page");
    let page: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    let users = page["users"].as_array().expect("users");
    let names = users.iter().map(|user| user["name"].as_str().expect("a name").to_owned());
    let next = page["next"].as_str().map(|next| next.parse().expect("a cursor"));
    (names.collect(), next)
}

fn names(replica: &Replica) -> Vec<String> {
    page(replica, None, 1_000).0
}

#[test]
fn new_replica_is_empty_and_keeps_its_instance_id() {
    let place = Place::new();
    let held = place.open().load().expect("held");
    assert_eq!((held.position, held.feed_contact, held.keys), (None, None, None));
    assert!(held.revocations.is_empty());
    assert_eq!(place.open().load().expect("held").instance, held.instance);
    assert_ne!(Place::new().open().load().expect("held").instance, held.instance);
}

#[test]
fn stored_data_is_read_after_a_restart() {
    let place = Place::new();
    let ann = user("ann");
    let keys =
        SavedKeys { text: "{\"keys\":[]}".into(), etag: Some("\"e\"".into()), fetched_at: NOW };
    let ended = event(8, Change::SessionRevoked { sid: Uuid::new_v4(), public_id: ann.public_id });
    let replica = place.open();
    snapshot(&replica, std::slice::from_ref(&ann), 7);
    let events = [ended.clone()];
    let batch = Batch { events: &events, revocations: &events, forget: &[], position: 8, at: NOW };
    replica.apply(&batch).expect("applied");
    replica.save_keys(&keys).expect("saved");
    drop(replica);

    let replica = place.open();
    let held = replica.load().expect("held");
    assert_eq!((held.position, held.feed_contact), (Some(8), Some(NOW)));
    assert_eq!((held.revocations, held.keys), (vec![ended], Some(keys)));
    let record = UserRecord { state: UserState::Active, roles: vec!["user".into()] };
    assert_eq!(replica.find_user(ann.public_id).expect("read"), Some(record));
}

#[test]
fn each_change_type_updates_its_record() {
    let place = Place::new();
    let replica = place.open();
    let ann = user("ann");
    let record = || replica.find_user(ann.public_id).expect("read");
    apply(&replica, &[event(1, Change::UserCreated(full(&ann)))]);
    let user_role = vec!["user".to_owned()];
    assert_eq!(record(), Some(UserRecord { state: UserState::Active, roles: user_role.clone() }));

    apply(&replica, &[event(2, Change::UserDisabled(bare(ann.public_id, UserState::Disabled)))]);
    assert_eq!(record(), Some(UserRecord { state: UserState::Disabled, roles: user_role }));
    assert_eq!(names(&replica), ["ann"], "disabled users are listed");

    let roles = vec!["user".to_owned(), "admin".to_owned()];
    let change = UserChange { name: Some("Ann".into()), roles: Some(roles.clone()), ..full(&ann) };
    apply(&replica, &[event(3, Change::UserUpdated(change))]);
    apply(&replica, &[event(4, Change::UserEnabled(bare(ann.public_id, UserState::Active)))]);
    assert_eq!(record(), Some(UserRecord { state: UserState::Active, roles }));
    assert_eq!(names(&replica), ["Ann"]);

    apply(&replica, &[event(5, Change::UserDeleted { public_id: ann.public_id })]);
    assert_eq!(record(), None);
    assert_eq!(replica.find(ann.public_id).expect("read"), None);
    assert!(names(&replica).is_empty());
}

#[test]
fn repeated_changes_have_no_effect() {
    let place = Place::new();
    let replica = place.open();
    let ann = user("ann");
    let events = [
        event(1, Change::UserCreated(full(&ann))),
        event(2, Change::UserDisabled(bare(ann.public_id, UserState::Disabled))),
    ];
    apply(&replica, &events);
    apply(&replica, &events);
    apply(&replica, &[events[0].clone(), event(3, Change::Unknown)]);
    let record = replica.find_user(ann.public_id).expect("read").expect("a record");
    assert_eq!(record.state, UserState::Disabled, "an older change came after it");
    assert_eq!(names(&replica), ["ann"]);
    assert_eq!(replica.load().expect("held").position, Some(3));
}

#[test]
fn incomplete_change_of_an_unknown_user_admits_no_user() {
    let place = Place::new();
    let replica = place.open();
    let nobody = Uuid::new_v4();
    apply(&replica, &[event(1, Change::UserEnabled(bare(nobody, UserState::Active)))]);
    assert_eq!(replica.find_user(nobody).expect("read"), None);
    assert_eq!(replica.load().expect("held").position, Some(1));
}

#[test]
fn revocations_stay_until_their_removal() {
    let place = Place::new();
    let replica = place.open();
    let public_id = Uuid::new_v4();
    let revoked = |seq| event(seq, Change::SessionRevoked { sid: Uuid::new_v4(), public_id });
    let events = [revoked(1), revoked(2), revoked(3)];
    let batch = Batch { events: &events, revocations: &events, forget: &[], position: 3, at: NOW };
    replica.apply(&batch).expect("applied");
    let fourth = [revoked(4)];
    let batch =
        Batch { events: &fourth, revocations: &fourth, forget: &[1, 3], position: 4, at: NOW };
    replica.apply(&batch).expect("applied");
    let held = replica.load().expect("held").revocations;
    assert_eq!(held, [events[1].clone(), fourth[0].clone()]);
}

#[test]
fn many_revocations_are_stored_and_removed_together() {
    let place = Place::new();
    let replica = place.open();
    let public_id = Uuid::new_v4();
    let revoked = |seq| event(seq, Change::SessionRevoked { sid: Uuid::new_v4(), public_id });
    let many: Vec<_> = (1..=40_000).map(revoked).collect();
    let end = SnapshotEnd { revocations: &many, forget: &[], position: 40_000, at: NOW };
    replica.begin_snapshot().expect("begun");
    replica.finish_snapshot(&end).expect("finished");
    drop(replica);
    let replica = place.open();
    assert_eq!(replica.load().expect("held").revocations, many);
    let last = [revoked(40_001)];
    let forget: Vec<_> = (1..=40_000).collect();
    let (position, at) = (40_001, NOW);
    let batch = Batch { events: &last, revocations: &last, forget: &forget, position, at };
    replica.apply(&batch).expect("applied");
    assert_eq!(replica.load().expect("held").revocations, last);
}

#[test]
fn contact_updates_only_its_own_time() {
    let place = Place::new();
    let replica = place.open();
    let keys = SavedKeys { text: "{}".into(), etag: None, fetched_at: NOW };
    replica.save_keys(&SavedKeys { etag: Some("old".into()), ..keys.clone() }).expect("saved");
    replica.save_keys(&keys).expect("saved");
    let later = NOW + time::Duration::MINUTE;
    replica.touch(Contact::Keys, later).expect("noted");
    let held = replica.load().expect("held");
    assert_eq!(held.keys, Some(SavedKeys { fetched_at: later, ..keys }));
    assert_eq!(held.feed_contact, None);
    replica.touch(Contact::Feed, later).expect("noted");
    assert_eq!(replica.load().expect("held").feed_contact, Some(later));
}

#[test]
fn replica_is_locked_by_one_process() {
    let place = Place::new();
    // An existing replica closes at once, because nothing has to be written at the end.
    drop(place.open());
    let first = place.open();
    let error = Replica::open(&place.path(), 2).err().expect("refused");
    assert!(matches!(error, OpenError::Lock(FileLockError::InUse(_))), "{error}");
    assert!(!error.to_string().contains('\n'));
    // `open` waits for a process that is just ending.
    let path = place.path();
    let second = std::thread::spawn(move || Replica::open(&path, 2).map(drop));
    drop(first);
    second.join().expect("no panic").expect("opened once the first was gone");
}

#[test]
fn replica_file_is_private() {
    let place = Place::new();
    let replica = place.open();
    snapshot(&replica, &[user("ann")], 1);
    for file in std::fs::read_dir(place.path().parent().expect("a folder")).expect("listed") {
        let path = file.expect("a file").path();
        let holds_users = !path.to_string_lossy().ends_with(".lock");
        if holds_users {
            let mode = std::fs::metadata(&path).expect("metadata").permissions();
            let mode = std::os::unix::fs::PermissionsExt::mode(&mode);
            assert_eq!(mode & 0o077, 0, "{path:?}");
        }
    }
}

#[test]
fn replica_that_cannot_be_opened_is_reported_in_one_line() {
    let error = Replica::open(std::path::Path::new("/proc/none/api.db"), 1).err().expect("refused");
    assert!(error.to_string().contains("/proc/none") && !error.to_string().contains('\n'));
}
