//! Detects a backup that was put in the place of the database that was served last.
//!
//! A backup would give out positions again that guards have read already, for changes that are no
//! longer true. So its feed restarts at the current time: no lost position is valid in it, every
//! guard takes a snapshot, and no token is ahead of the feed (its `pos`).
//!
//! A backup also holds sessions that ended after it was made, and their refresh tokens. It does not
//! show which ones, so all sessions end: no log-out, disabling or password change is ever undone.
//! The end is recorded for every user, since only tokens name a session opened after the backup.
//!
//! For a file, the note of the served database is beside the file. A note restored with its backup
//! does not match, since the copy is another file. A backup that was written into the same file has
//! an earlier position, or fewer acts, than the note. At a server the note is in the database: after a
//! restore, the table or the server's timeline is another one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::time::UNIX_EPOCH;

use diesel::prelude::*;
use signet_contract::clock::unix_micros;
use signet_files::durable_file;
use signet_files::file_identity::FileIdentity;
use time::OffsetDateTime;

use super::Store;
use super::connection::{AdvisoryLock, AnyConnection};
use super::location::Location;
use super::schema::{events, feed_position};
use super::sessions;
use super::values::position;
use crate::error::{StoreError, StoreResult};
use auth_domain::audit::{Act, Action, Subject};

impl Store {
    /// Restarts the feed and ends every session, unless the database is the one that was served
    /// last. Returns true if it did. No other process may serve the database meanwhile.
    pub fn begin_service(&self, now: OffsetDateTime) -> StoreResult<bool> {
        let continues = match &self.location {
            Location::Sqlite(file) => {
                let here = self.read(Progress::read)?;
                let identity = self.file_identity(file).ok();
                read_note(file)
                    .is_some_and(|(noted, at)| identity == Some(noted) && at.is_within(here))
            }
            Location::Postgres(_) => self.read(AnyConnection::was_served)?,
        };
        if !continues {
            let start = self.write(|transaction| {
                // No time limit: this covers all users, and no request is served yet.
                transaction.connection.extend_time_limits()?;
                transaction.lock(AdvisoryLock::Accounts)?;
                let connection = &mut *transaction.connection;
                diesel::delete(events::table).execute(connection)?;
                let start = unix_micros(now).max(connection.advance_position(1)?);
                let ends = sessions::end_every_session(connection, start, now)?;
                diesel::update(feed_position::table)
                    .set(feed_position::seq.eq(start + ends))
                    .execute(connection)?;
                if ends > 0 {
                    let logout = Act::by_server(now).done(Action::UserLogout, Subject::Unknown);
                    transaction.note(&logout.saying("everybody: a backup was put back"))?;
                }
                position(start + ends)
            })?;
            self.announce(start);
        }
        if let Location::Sqlite(file) = &self.location {
            let removed = durable_file::remove_abandoned_of(&note_path(file));
            removed.map_err(|error| unwritable(file, &error))?;
        }
        self.note_service()?;
        Ok(!continues)
    }

    /// Makes the next [`Store::begin_service`] restart the feed if the file is behind its last note.
    /// Called before the first write of a process: it could hide that a backup was put back.
    pub(super) fn notice_restore(&self) -> StoreResult<()> {
        let Location::Sqlite(file) = &self.location else { return Ok(()) };
        // The note comes first: a running server writes it after its commits.
        let Some((_, noted)) = read_note(file) else { return Ok(()) };
        if noted.is_within(self.read(Progress::read)?) {
            return Ok(());
        }
        let text = b"a backup was put back\n";
        durable_file::write(&note_path(file), text, 0o600).map_err(|error| unwritable(file, &error))
    }

    /// Records which database was served and, for a file, its progress.
    pub fn note_service(&self) -> StoreResult<()> {
        let Location::Sqlite(file) = &self.location else {
            return self.write(|transaction| transaction.connection.note_served());
        };
        self.note_file(file, self.read(Progress::read)?)
    }

    /// Records the progress of a file since the last note, if there is any. So a restored backup is
    /// detected even if the server ended without warning. A note at a server holds no progress.
    pub fn note_progress(&self) -> StoreResult<()> {
        let Location::Sqlite(file) = &self.location else { return Ok(()) };
        let here = self.read(Progress::read)?;
        if *self.noted.lock().unwrap_or_else(PoisonError::into_inner) == Some(here) {
            return Ok(());
        }
        self.note_file(file, here)
    }

    fn note_file(&self, file: &Path, progress: Progress) -> StoreResult<()> {
        let unwritable = |error| unwritable(file, &error);
        let identity = self.file_identity(file).map_err(unwritable)?;
        let text = format!("{identity} {} {}\n", progress.position, progress.acts);
        durable_file::write(&note_path(file), text.as_bytes(), 0o600).map_err(unwritable)?;
        *self.noted.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress);
        Ok(())
    }

    /// Returns the inode and the creation time. Both are needed to detect a copy, since an inode is
    /// used again. The device number is left out: it may change when the machine restarts.
    fn file_identity(&self, file: &Path) -> io::Result<String> {
        let created = fs::metadata(file)?.created().ok();
        let created = created.and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
        let inode = self.identity.map(FileIdentity::inode).unwrap_or_default();
        Ok(format!("{inode} {}", created.as_nanos()))
    }
}

/// The counts of a file that only grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Progress {
    position: u64,
    /// The audited acts and the refreshes. Some are no events.
    acts: u64,
}

impl Progress {
    fn read(connection: &mut AnyConnection) -> QueryResult<Self> {
        let columns = (feed_position::seq, feed_position::acts);
        let (seq, acts) = feed_position::table.select(columns).get_result(connection)?;
        Ok(Self { position: position(seq)?, acts: position(acts)? })
    }

    fn is_within(self, here: Self) -> bool {
        self.position <= here.position && self.acts <= here.acts
    }
}

fn unwritable(file: &Path, error: &io::Error) -> StoreError {
    StoreError::Unavailable(format!("can't write {}: {error}", note_path(file).display()))
}

fn note_path(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".served");
    name.into()
}

/// Returns true if a file of this name was served before.
pub(super) fn was_served(file: &Path) -> bool {
    note_path(file).exists()
}

/// Reads the identity of the file and its progress from the last note.
fn read_note(file: &Path) -> Option<(String, Progress)> {
    let note = fs::read_to_string(note_path(file)).ok()?;
    let fields: Vec<&str> = note.split_whitespace().collect();
    let (inode, created, position, acts) = match fields[..] {
        [inode, created, position, acts] => (inode, created, position, acts),
        // A note of an earlier version.
        [inode, created, position] => (inode, created, position, "0"),
        _ => return None,
    };
    let progress = Progress { position: position.parse().ok()?, acts: acts.parse().ok()? };
    Some((format!("{inode} {created}"), progress))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;
    use std::sync::Arc;

    use support::sqlite::until_closed;
    use time::Duration;
    use time::macros::datetime;

    use super::*;
    use crate::Existence;
    use auth_domain::feed::Changes;
    use auth_domain::keys::{Addition, Key};

    const START: OffsetDateTime = datetime!(2026-01-02 03:04:05 UTC);

    fn open(file: &Path) -> Arc<Store> {
        let location = Location::Sqlite(file.to_owned());
        Store::open(&location, Existence::Create, START).expect("a database")
    }

    /// Adds a key and returns the position after its events.
    fn change(store: &Store, kid: &str) -> u64 {
        let key = Key::fresh(kid.into(), "n".into(), "AQAB".into(), START);
        store.add_key(&key, Addition::Generated, &Act::by_operator(START)).expect("added");
        store.position().expect("a position")
    }

    #[test]
    fn feed_of_last_served_file_continues() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("auth.db");
        let store = open(&file);
        assert!(store.begin_service(START).expect("begun"), "a new one");
        let announced = change(&store, "a");
        drop(store);
        // The feed goes on after a sudden end and after an orderly one.
        for _ in 0..2 {
            let store = open(&file);
            assert!(!store.begin_service(START + Duration::HOUR).expect("begun"));
            assert_eq!(store.position().expect("a position"), announced);
            store.note_service().expect("noted");
        }
    }

    #[test]
    fn note_holds_no_device_number() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("auth.db");
        let store = open(&file);
        store.begin_service(START).expect("begun");
        let position = store.position().expect("a position");
        let noted = fs::read_to_string(note_path(&file)).expect("a note");
        let metadata = fs::metadata(&file).expect("a file");
        let created =
            metadata.created().expect("a time").duration_since(UNIX_EPOCH).expect("after");
        let without_device = format!("{} {} {position} 0\n", metadata.ino(), created.as_nanos());
        assert_eq!(noted, without_device);
    }

    #[test]
    fn restored_file_accepts_no_earlier_position() {
        for with_note in [false, true] {
            let folder = tempfile::tempdir().expect("a folder");
            let (file, backup) = (folder.path().join("auth.db"), folder.path().join("backup"));
            let store = open(&file);
            store.begin_service(START).expect("begun");
            change(&store, "a");
            let note = fs::read(note_path(&file)).expect("a note");
            drop(store);
            until_closed(&file);
            fs::copy(&file, &backup).expect("copied");
            let store = open(&file);
            store.begin_service(START).expect("begun");
            let announced = change(&store, "b");
            store.note_service().expect("noted");
            drop(store);
            until_closed(&file);

            // With the backup's note: the file is another one. Without it: its feed is behind.
            if with_note {
                fs::remove_file(&file).expect("removed");
                fs::write(folder.path().join("auth.db.served"), note).expect("put back");
            }
            fs::copy(&backup, &file).expect("put back");
            let store = open(&file);
            assert!(store.begin_service(START + Duration::HOUR).expect("begun"));
            let now = store.position().expect("a position");
            assert!(now > announced, "{with_note}: {now} after {announced}");
            assert_eq!(store.changes_after(announced, 10).expect("answered"), Changes::Gone);
            change(&store, "c");
            assert_eq!(store.changes_after(announced, 10).expect("answered"), Changes::Gone);
            assert!(matches!(store.changes_after(now, 10), Ok(Changes::After { .. })));
        }
    }
}
