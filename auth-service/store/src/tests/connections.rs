//! A database with failures: each call returns an error soon, and the store recovers by itself.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use support::sqlite::until_closed;

use super::super::{Existence, Location, OpenError, Store, inspect};
use super::fixture::{Fixture, START, by_operator, new_user, sqlite};
use crate::error::StoreError;
use auth_domain::users::{Created, NewUser};

#[test]
fn locked_database_is_unavailable_within_five_seconds() {
    let fixture = sqlite();
    let file = fixture.file();
    let mut other = SqliteConnection::establish(file.to_str().expect("UTF-8")).expect("opened");
    other.batch_execute("PRAGMA busy_timeout = 5000; BEGIN EXCLUSIVE").expect("locked");
    let began = Instant::now();
    // Three at once: the later ones also wait for the single writer.
    std::thread::scope(|scope| {
        for name in ["a", "b", "c"] {
            let store = &fixture.store;
            scope.spawn(move || {
                let refused = store.create_user(&new_user(name), &by_operator(0));
                assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
            });
        }
        fixture.store.position().expect("reading goes on");
    });
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
    let [write, read] = fixture.store.pools();
    assert_eq!((write.name, write.max, read.name), ("write", 1, "read"));
    assert!(write.timeouts >= 1 && write.waited >= Duration::from_secs(1), "{write:?}");
    assert_eq!(read.timeouts, 0);
    other.batch_execute("ROLLBACK").expect("unlocked");
    let created = fixture.store.create_user(&new_user("d"), &by_operator(0));
    assert!(matches!(created, Ok(Created::User(_))), "{created:?}");
}

#[test]
fn replaced_database_file_is_unavailable() {
    let fixture = sqlite();
    let file = fixture.file();
    let aside = file.with_extension("aside");
    fs::rename(&file, &aside).expect("moved");
    for put in [false, true] {
        if put {
            fs::copy(&aside, &file).expect("replaced");
        }
        let refused = fixture.store.create_user(&new_user("a"), &by_operator(0));
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        assert!(matches!(fixture.store.position(), Err(StoreError::Unavailable(_))));
    }
    fs::rename(&aside, &file).expect("moved back");
    fixture.user("a");
}

#[test]
fn new_database_is_readable_only_by_its_owner() {
    let fixture = sqlite();
    fixture.user("a");
    let folder = fixture.file().parent().expect("a folder").to_owned();
    let mode = |path| fs::metadata(path).expect("metadata").permissions().mode() & 0o777;
    assert_eq!(mode(folder.clone()), 0o700);
    let entries: Vec<_> = fs::read_dir(&folder).expect("listed").collect();
    assert!(entries.len() >= 2, "the database and its write-ahead log");
    for entry in entries {
        let path = entry.expect("an entry").path();
        assert_eq!(mode(path.clone()), 0o600, "{}", path.display());
    }
}

#[test]
fn file_holds_no_data_of_a_deleted_user() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("auth.db");
    let location = Location::Sqlite(file.clone());
    let store = Store::open(&location, Existence::Create, START).expect("a database");
    let hash = "a hash of the user to delete";
    for name in ["Ann", "Bob", "Zoe", "Tim", "Tom"] {
        let user = NewUser { password_hash: hash.replace("the user", name), ..new_user(name) };
        let created = store.create_user(&user, &by_operator(0)).expect("answered");
        let Created::User(user) = created else { panic!("{created:?}") };
        if name == "Tom" {
            store.delete_user(user.public_id, &by_operator(1)).expect("deleted");
        }
    }
    drop(store);
    until_closed(&file);
    let bytes = fs::read(&file).expect("read");
    let holds = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("Tim@Example.org") && holds(&hash.replace("the user", "Tim")));
    for data in ["Tom@Example.org", "tom@example.org", &hash.replace("the user", "Tom")] {
        assert!(!holds(data), "{data}");
    }
}

#[test]
fn open_of_missing_database_creates_no_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("auth.db");
    let refused = Store::open(&Location::Sqlite(file.clone()), Existence::Expect, START);
    assert!(matches!(refused, Err(OpenError::Missing(_))));
    assert!(!file.exists());
}

#[test]
fn other_file_is_refused_by_name_and_unchanged() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("auth.db");
    let content = "not a database ".repeat(100);
    fs::write(&file, &content).expect("written");
    let location = Location::Sqlite(file.clone());
    let refused = Store::open(&location, Existence::Create, START);
    let error = refused.expect_err("refused").to_string();
    assert!(error.contains("auth.db") && error.contains("backup"), "{error}");
    assert!(!error.contains('\n'), "{error}");
    assert_eq!(fs::read_to_string(&file).expect("read"), content);
}

#[test]
fn damaged_database_is_reported_by_name() {
    let fixture = sqlite();
    for n in 0..200 {
        fixture.user(&format!("user{n}"));
    }
    inspect(&fixture.location).expect("whole");
    let file = fixture.file();
    let Fixture { store, .. } = fixture;
    drop(store);
    until_closed(&file);
    let whole = fs::read(&file).expect("read");
    let mut blotted = whole.clone();
    let middle = whole.len() / 2 / 4096 * 4096;
    blotted[middle..middle + 4096].fill(0xa5);
    for content in [&blotted, &whole[..whole.len() / 2]] {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("auth.db");
        fs::write(&file, content).expect("written");
        let location = Location::Sqlite(file);
        let line = inspect(&location).expect_err("damaged").to_string();
        assert!(line.contains("auth.db") && line.contains("backup"), "{line}");
    }
}

pub(super) fn check_racing_starts(location: &Location) {
    let positions: Vec<u64> = std::thread::scope(|scope| {
        let open = || Store::open(location, Existence::Create, START).expect("opened");
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
        let opened = threads.into_iter().map(|thread| thread.join().expect("no panic"));
        opened.map(|store| store.position().expect("a position")).collect()
    });
    assert!(positions.iter().all(|position| *position == positions[0]), "{positions:?}");
}

#[test]
fn concurrent_starts_create_one_database() {
    // Enough rounds for two starts to switch to WAL at the same time.
    for _ in 0..30 {
        let folder = tempfile::tempdir().expect("a folder");
        check_racing_starts(&Location::Sqlite(folder.path().join("auth.db")));
    }
}
