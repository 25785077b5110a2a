//! Files that can't be opened, and the error for the operator.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use support::sqlite::until_closed;
use time::OffsetDateTime;
use time::macros::datetime;

use super::super::{Existence, Location, Store, inspect};

const START: OffsetDateTime = datetime!(2026-01-02 03:04:05 UTC);

fn opened(file: &Path, existence: Existence) -> Result<std::sync::Arc<Store>, String> {
    let location = Location::Sqlite(file.to_owned());
    Store::open(&location, existence, START).map_err(|error| error.to_string())
}

#[test]
fn empty_file_that_was_served_is_refused_and_unchanged() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("auth.db");
    let store = opened(&file, Existence::Create).expect("a new one");
    store.begin_service(START).expect("begun");
    drop(store);
    until_closed(&file);
    std::fs::write(&file, "").expect("emptied");
    for existence in [Existence::Create, Existence::Expect] {
        let message = opened(&file, existence).expect_err("refused");
        assert!(message.contains("auth.db") && message.contains("backup"), "{message}");
        assert_eq!(std::fs::metadata(&file).expect("there").len(), 0);
    }
    // An empty file that was never served is a new database.
    let other = folder.path().join("other.db");
    std::fs::write(&other, "").expect("made");
    opened(&other, Existence::Create).expect("a new one");
}

#[test]
fn locked_file_is_not_reported_as_damaged() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("auth.db");
    // Before the first start the file is not in WAL mode: an exclusive lock also blocks readers.
    let address = file.to_string_lossy().into_owned();
    let mut holder = SqliteConnection::establish(&address).expect("a connection");
    let made = "CREATE TABLE held (id INTEGER); BEGIN EXCLUSIVE";
    holder.batch_execute(made).expect("locked");
    let message = opened(&file, Existence::Create).expect_err("locked");
    assert!(message.contains("another process holds") && !message.contains("damaged"), "{message}");
    holder.batch_execute("COMMIT").expect("let go");
    opened(&file, Existence::Create).expect("usable");
    // A served file is in WAL mode: the lock blocks writers.
    holder.batch_execute("PRAGMA busy_timeout = 5000; BEGIN EXCLUSIVE").expect("locked");
    let message = opened(&file, Existence::Create).expect_err("locked");
    assert!(message.contains("another process holds") && !message.contains("damaged"), "{message}");
}

#[test]
fn inspection_makes_no_file_and_no_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("new/auth.db");
    let inspected = |file: &Path| inspect(&Location::Sqlite(file.to_owned())).expect("usable");
    assert_eq!(inspected(&file), None);
    assert!(!file.parent().expect("a folder").exists());
    let empty = folder.path().join("empty.db");
    std::fs::write(&empty, "").expect("made");
    assert_eq!(inspected(&empty), None);
    assert_eq!(std::fs::metadata(&empty).expect("there").len(), 0);
    let message = opened(&empty, Existence::Expect).expect_err("no tables");
    assert!(message.contains("no database") && message.contains("empty.db"), "{message}");
}
