//! Damaged replicas are set aside and created again. Databases of other programs are refused.

use std::path::Path;

use diesel::Connection;
use diesel::connection::SimpleConnection;
use diesel::sqlite::SqliteConnection;

use super::*;

/// Creates a replica with data and closes it.
fn filled(place: &Place) -> Uuid {
    let replica = place.open();
    let users: Vec<_> = (0..50).map(|number| user(&format!("user-{number}"))).collect();
    snapshot(&replica, &users, 7);
    let sid = Uuid::new_v4();
    let events = [event(8, Change::SessionRevoked { sid, public_id: users[0].public_id })];
    let batch = Batch { events: &events, revocations: &events, forget: &[], position: 8, at: NOW };
    replica.apply(&batch).expect("applied");
    replica
        .save_keys(&SavedKeys { text: "{\"keys\":[]}".into(), etag: None, fetched_at: NOW })
        .expect("saved");
    let instance = replica.load().expect("held").instance;
    drop(replica);
    // The last connection to close does this, but a reader's thread may take a moment longer.
    sql(&place.path(), "PRAGMA wal_checkpoint(TRUNCATE)");
    instance
}

pub(super) fn sql(path: &Path, text: &str) {
    let mut connection =
        SqliteConnection::establish(path.to_str().expect("UTF-8")).expect("a database");
    connection.batch_execute(text).expect("done");
}

/// Creates a place with `bytes` as the replica. It is a new place: open files close a little after
/// the replica is dropped, and SQLite then writes to them.
fn found(bytes: &[u8]) -> Place {
    let place = Place::new();
    std::fs::create_dir_all(place.path().parent().expect("a folder")).expect("made");
    std::fs::write(place.path(), bytes).expect("written");
    place
}

fn damaged(place: &Place) -> PathBuf {
    PathBuf::from(format!("{}.damaged", place.path().display()))
}

/// Returns true if the replica was created again, and works.
fn rebuilt(place: &Place, instance: Uuid) -> bool {
    let replica = place.open();
    let held = replica.load().expect("held");
    let anew = held.instance != instance;
    assert_eq!(anew, held.position.is_none() && held.keys.is_none() && names(&replica).is_empty());
    snapshot(&replica, &[user("after")], 9);
    anew
}

#[test]
fn intact_replica_is_kept() {
    let place = Place::new();
    let instance = filled(&place);
    assert!(!rebuilt(&place, instance));
    assert!(!damaged(&place).exists());
}

#[test]
fn file_other_than_a_database_is_set_aside() {
    let place = found(b"not a database, whatever its name says");
    assert!(rebuilt(&place, Uuid::nil()));
    assert!(damaged(&place).exists());
}

#[test]
fn truncated_replica_is_rebuilt() {
    let place = Place::new();
    let instance = filled(&place);
    let whole = std::fs::read(place.path()).expect("the file");
    for permille in [0, 1, 100, 500, 900, 999] {
        let place = found(&whole[..whole.len() * permille / 1_000]);
        assert!(rebuilt(&place, instance), "cut at {permille} per mille");
    }
    assert!(!rebuilt(&found(&whole), instance), "the whole file is good");
}

#[test]
fn flipped_bit_in_used_data_is_detected() {
    let place = Place::new();
    let instance = filled(&place);
    let whole = std::fs::read(place.path()).expect("the file");
    // In each kind of row: a name, a state, a revocation, the keys, the position.
    for content in [
        &b"user-17"[..],
        b"user-17@example.org",
        b"active[\"user\"]",
        b"session.revoked",
        b"keys{\"keys\"",
        b"position8",
    ] {
        let at = whole.windows(content.len()).position(|window| window == content);
        let at = at.unwrap_or_else(|| panic!("no {}", String::from_utf8_lossy(content)));
        for bit in 0..8 {
            let mut flipped = whole.clone();
            flipped[at + content.len() - 1] ^= 1 << bit;
            let anew = rebuilt(&found(&flipped), instance);
            assert!(anew, "bit {bit} of {}", String::from_utf8_lossy(content));
        }
    }
}

#[test]
fn replica_of_another_version_is_rebuilt() {
    for version in [0, 1, 99] {
        let place = Place::new();
        let instance = filled(&place);
        sql(&place.path(), &format!("PRAGMA user_version = {version}"));
        assert!(rebuilt(&place, instance), "version {version}");
    }
}

#[test]
fn foreign_database_is_refused_and_unchanged() {
    let place = Place::new();
    std::fs::create_dir_all(place.path().parent().expect("a folder")).expect("made");
    sql(&place.path(), "CREATE TABLE users (password_hash TEXT); INSERT INTO users VALUES ('x');");
    let before = std::fs::read(place.path()).expect("the file");
    let error = Replica::open(&place.path(), 1).err().expect("refused");
    assert!(matches!(error, OpenError::Foreign(_)), "{error}");
    assert!(std::fs::read(place.path()).expect("the file") == before, "it was written to");
    assert!(!damaged(&place).exists());
}

#[test]
fn write_ahead_log_without_its_replica_is_ignored() {
    let place = Place::new();
    let instance = filled(&place);
    std::fs::remove_file(place.path()).expect("removed");
    std::fs::write(format!("{}-wal", place.path().display()), "left over").expect("written");
    assert!(rebuilt(&place, instance));
}

#[test]
fn file_that_is_deleted_replaced_or_cut_counts_as_damaged() {
    for change in ["none", "deleted", "replaced", "cut"] {
        let place = Place::new();
        filled(&place);
        let replica = place.open();
        assert!(!replica.damaged());
        let path = place.path();
        match change {
            "deleted" => std::fs::remove_file(path).expect("deleted"),
            "replaced" => {
                let copy = path.with_extension("copy");
                std::fs::copy(&path, &copy).expect("copied");
                std::fs::rename(copy, path).expect("replaced");
            }
            "cut" => {
                let file = std::fs::OpenOptions::new().write(true).open(path).expect("open");
                file.set_len(file.metadata().expect("a length").len() - 1).expect("cut");
            }
            _ => {}
        }
        assert_eq!(replica.damaged(), change != "none", "{change}");
    }
}
