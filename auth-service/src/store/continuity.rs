//! Whether a database file is the one that was served here last, or a backup put in its place.
//!
//! A backup tells positions again that guards have heard already, of changes that are no longer
//! true. So its feed begins anew, at the current time: no position of the lost stretch fits it,
//! every guard takes a snapshot, and no token is ahead of the feed (its `pos`).
//!
//! What was served is noted beside the file, not in it. A note that went into the backup with the
//! file gives itself away: the copy is another file.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use diesel::prelude::*;
use shared::clock::unix_micros;
use shared::durable_file;
use time::OffsetDateTime;

use super::Database;
use super::schema::{events, feed_position};
use super::transaction::read_position;
use super::values::position;
use crate::domain::error::{StoreError, StoreResult};

impl Database {
    /// Begins the feed anew, unless the file is the one that was served here last. Says whether it
    /// was begun anew. No other process may serve the file meanwhile.
    pub fn begin_service(&self, now: OffsetDateTime) -> StoreResult<bool> {
        let here = self.read(read_position)?;
        let goes_on = self
            .noted()
            .is_some_and(|(file, at)| self.card().is_ok_and(|card| card == file) && at <= here);
        if !goes_on {
            let begun = self.write(|transaction| {
                diesel::delete(events::table).execute(transaction.connection)?;
                let last: i64 = feed_position::table
                    .select(feed_position::seq)
                    .first(transaction.connection)?;
                let begun = unix_micros(now).max(last + 1);
                diesel::update(feed_position::table)
                    .set(feed_position::seq.eq(begun))
                    .execute(transaction.connection)?;
                position(begun)
            })?;
            self.announce(begun);
        }
        self.note_service()?;
        Ok(!goes_on)
    }

    /// Notes which file was served, and how far its feed has come.
    pub fn note_service(&self) -> StoreResult<()> {
        let unwritable = |error: io::Error| {
            StoreError::Unavailable(format!("can't write {}: {error}", self.note().display()))
        };
        let note = format!("{} {}\n", self.card().map_err(unwritable)?, self.read(read_position)?);
        durable_file::write(&self.note(), note.as_bytes(), 0o600).map_err(unwritable)
    }

    fn note(&self) -> PathBuf {
        let mut name = self.file.as_os_str().to_owned();
        name.push(".served");
        name.into()
    }

    /// The file and the position of the last note.
    fn noted(&self) -> Option<(String, u64)> {
        let note = fs::read_to_string(self.note()).ok()?;
        let (file, position) = note.trim_end().rsplit_once(' ')?;
        Some((file.to_owned(), position.parse().ok()?))
    }

    /// What tells the file from any copy of it: its place on the disk and when it was made there,
    /// since a place is used again.
    fn card(&self) -> io::Result<String> {
        let made = fs::metadata(&self.file)?.created().ok();
        let made = made.and_then(|made| made.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
        Ok(format!("{} {}", self.identity, made.as_nanos()))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use time::Duration;
    use time::macros::datetime;

    use super::*;
    use crate::domain::feed::{Changes, FeedStore};
    use crate::domain::keys::{Entry, Key, KeyStore};
    use crate::store::Existence;

    const START: OffsetDateTime = datetime!(2026-01-02 03:04:05 UTC);

    fn open(file: &Path) -> Arc<Database> {
        Database::open(file, Existence::Create, START).expect("a database")
    }

    /// One more event; the position after it.
    fn change(database: &Database, kid: &str) -> u64 {
        let key = Key::fresh(kid.into(), "n".into(), "AQAB".into(), START);
        database.add_key(&key, Entry::Planned, START).expect("added");
        database.position().expect("a position")
    }

    #[test]
    fn the_feed_of_the_file_that_was_served_last_goes_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("auth.db");
        let database = open(&file);
        assert!(database.begin_service(START).expect("begun"), "a new one");
        let told = change(&database, "a");
        drop(database);
        // Sudden or in order, an end is no break.
        for _ in 0..2 {
            let database = open(&file);
            assert!(!database.begin_service(START + Duration::HOUR).expect("begun"));
            assert_eq!(database.position().expect("a position"), told);
            database.note_service().expect("noted");
        }
    }

    #[test]
    fn the_feed_of_a_file_put_back_fits_no_position_that_was_told() {
        for with_note in [false, true] {
            let folder = tempfile::tempdir().expect("a folder");
            let (file, backup) = (folder.path().join("auth.db"), folder.path().join("backup"));
            let database = open(&file);
            database.begin_service(START).expect("begun");
            change(&database, "a");
            let note = fs::read(database.note()).expect("a note");
            drop(database);
            fs::copy(&file, &backup).expect("copied");
            let database = open(&file);
            database.begin_service(START).expect("begun");
            let told = change(&database, "b");
            database.note_service().expect("noted");
            drop(database);

            // With the note of its own time: the file is another. Without it: its feed is behind.
            if with_note {
                fs::remove_file(&file).expect("removed");
                fs::write(folder.path().join("auth.db.served"), note).expect("put back");
            }
            fs::copy(&backup, &file).expect("put back");
            let database = open(&file);
            assert!(database.begin_service(START + Duration::HOUR).expect("begun"));
            let now = database.position().expect("a position");
            assert!(now > told, "{with_note}: {now} after {told}");
            assert_eq!(database.changes_after(told, 10).expect("answered"), Changes::Gone);
            change(&database, "c");
            assert_eq!(database.changes_after(told, 10).expect("answered"), Changes::Gone);
            assert!(matches!(database.changes_after(now, 10), Ok(Changes::After { .. })));
        }
    }
}
