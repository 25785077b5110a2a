//! The store that comes with the guard: one JSON file, without a directory. A service that only
//! verifies tokens needs no database. A lock keeps a second process from the file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::store::{
    Batch, Contact, GuardStore, Held, SavedKeys, SnapshotEnd, StoreError, UserRecord,
};
use signet_contract::directory::DirectoryUser;
use signet_contract::events::Event;
use signet_files::file_lock::FileLock;
use signet_files::{durable_file, links};

/// A guard's state in one file, replaced as a whole at each change. It holds nothing secret.
///
/// One process uses the file, as long as the store lives. The file `PATH.lock` beside it holds the
/// lock.
///
/// The file suits thousands of live revocations. A service with millions needs a store with a
/// database.
#[derive(Debug)]
pub struct FileStore {
    path: PathBuf,
    state: Mutex<State>,
    _lock: FileLock,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct State {
    instance: Uuid,
    position: Option<u64>,
    #[serde(with = "time::serde::rfc3339::option")]
    feed_contact: Option<OffsetDateTime>,
    revocations: Vec<Event>,
    keys: Option<Keys>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Keys {
    text: String,
    etag: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    fetched_at: OffsetDateTime,
}

impl State {
    fn empty() -> Self {
        Self {
            instance: Uuid::new_v4(),
            position: None,
            feed_contact: None,
            revocations: Vec::new(),
            keys: None,
        }
    }

    fn hold(&mut self, more: &[Event], forget: &[u64]) {
        let held = self.revocations.drain(..).chain(more.iter().cloned());
        let mut held: BTreeMap<u64, Event> = held.map(|event| (event.seq, event)).collect();
        for seq in forget {
            held.remove(seq);
        }
        self.revocations = held.into_values().collect();
    }
}

impl FileStore {
    /// Opens the file, or creates it. A damaged file is replaced by an empty one: the guard then
    /// takes everything from the issuer.
    ///
    /// # Errors
    ///
    /// If another process uses the file, the file can't be read, or its folder can't be written.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        // A write replaces the file: written through a link, it would replace the link.
        let path = links::resolve(&path.into()).map_err(StoreError::new)?;
        let lock = FileLock::take(&path).map_err(StoreError::new)?;
        remove_abandoned(&path).map_err(|error| {
            StoreError::new(format_args!("can't use the folder of {}: {error}", path.display()))
        })?;
        let state = read(&path)?;
        let store = Self { path, state: Mutex::new(state), _lock: lock };
        let state = store.lock().clone();
        store.write(&state)?;
        Ok(store)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state on disk, then in memory.
    fn change(&self, change: impl FnOnce(&mut State)) -> Result<(), StoreError> {
        let mut held = self.lock();
        let mut changed = held.clone();
        change(&mut changed);
        self.write(&changed)?;
        *held = changed;
        Ok(())
    }

    fn write(&self, state: &State) -> Result<(), StoreError> {
        let text = serde_json::to_vec(state).map_err(StoreError::new)?;
        durable_file::write(&self.path, &text, 0o600).map_err(|error| {
            StoreError::new(format_args!("can't write {}: {error}", self.path.display()))
        })
    }
}

/// Removes the temporary files of a process that ended while it wrote.
fn remove_abandoned(path: &Path) -> std::io::Result<()> {
    let mut earlier = path.as_os_str().to_owned();
    earlier.push(".new");
    durable_file::remove_if_abandoned(Path::new(&earlier))?;
    durable_file::remove_abandoned_of(path)
}

fn read(path: &Path) -> Result<State, StoreError> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(State::empty()),
        Err(error) => {
            let line = format_args!("can't read {}: {error}", path.display()).to_string();
            return Err(StoreError(line));
        }
    };
    Ok(serde_json::from_slice(&text).unwrap_or_else(|error| {
        let (line, column) = (error.line(), error.column());
        tracing::warn!(path = %path.display(), line, column, "the guard's stored state is damaged; the guard starts with an empty state");
        State::empty()
    }))
}

impl GuardStore for FileStore {
    fn load(&self) -> Result<Held, StoreError> {
        let state = self.lock().clone();
        Ok(Held {
            instance: state.instance,
            position: state.position,
            feed_contact: state.feed_contact,
            revocations: state.revocations,
            keys: state.keys.map(|Keys { text, etag, fetched_at }| SavedKeys {
                text,
                etag,
                fetched_at,
            }),
        })
    }

    fn has_directory(&self) -> bool {
        false
    }

    fn apply(&self, batch: &Batch<'_>) -> Result<(), StoreError> {
        self.change(|state| {
            state.hold(batch.revocations, batch.forget);
            state.position = Some(batch.position);
            state.feed_contact = Some(batch.at);
        })
    }

    fn begin_snapshot(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn stage_users(&self, _users: &[DirectoryUser]) -> Result<(), StoreError> {
        Ok(())
    }

    fn finish_snapshot(&self, end: &SnapshotEnd<'_>) -> Result<(), StoreError> {
        self.change(|state| {
            state.hold(end.revocations, end.forget);
            state.position = Some(end.position);
            state.feed_contact = Some(end.at);
        })
    }

    fn save_keys(&self, keys: &SavedKeys) -> Result<(), StoreError> {
        let SavedKeys { text, etag, fetched_at } = keys.clone();
        self.change(|state| state.keys = Some(Keys { text, etag, fetched_at }))
    }

    fn touch(&self, contact: Contact, at: OffsetDateTime) -> Result<(), StoreError> {
        self.change(|state| match (contact, &mut state.keys) {
            (Contact::Feed, _) => state.feed_contact = Some(at),
            (Contact::Keys, Some(keys)) => keys.fetched_at = at,
            (Contact::Keys, None) => {}
        })
    }

    fn find_user(&self, _public_id: Uuid) -> Result<Option<UserRecord>, StoreError> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use signet_contract::events::Change;
    use time::macros::datetime;

    const AT: OffsetDateTime = datetime!(2026-01-02 03:04:05 UTC);

    fn revocation(seq: u64) -> Event {
        Event { seq, at: AT, change: Change::KeyRevoked { kid: format!("k{seq}") } }
    }

    #[test]
    fn stored_state_survives_a_restart() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("guard.json");
        let store = FileStore::open(&path).expect("opened");
        let instance = store.load().expect("loaded").instance;
        let (one, two) = ([revocation(1)], [revocation(2)]);
        let end = SnapshotEnd { revocations: &one, forget: &[], position: 10, at: AT };
        store.finish_snapshot(&end).expect("a snapshot");
        let batch = Batch { events: &two, revocations: &two, forget: &[1], position: 12, at: AT };
        store.apply(&batch).expect("applied");
        let keys = SavedKeys { text: "{}".into(), etag: Some("\"e\"".into()), fetched_at: AT };
        store.save_keys(&keys).expect("saved");
        let later = AT + time::Duration::MINUTE;
        store.touch(Contact::Keys, later).expect("touched");
        drop(store);

        let held = FileStore::open(&path).expect("opened again").load().expect("loaded");
        assert_eq!((held.instance, held.position), (instance, Some(12)));
        assert_eq!(held.revocations, two);
        assert_eq!(held.keys, Some(SavedKeys { fetched_at: later, ..keys }));
        assert_eq!(held.feed_contact, Some(AT));
    }

    #[test]
    fn planted_link_is_not_followed_and_an_abandoned_file_is_removed() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("target"), "x").expect("written");
        symlink(path("target"), path("guard.json.new")).expect("a link");
        std::fs::write(path(".guard.json.abc.tmp"), "{").expect("written");
        let store = FileStore::open(path("guard.json")).expect("opened");
        store.touch(Contact::Feed, AT).expect("touched");
        assert_eq!(std::fs::read(path("target")).expect("read"), b"x");
        assert!(path("guard.json.new").is_symlink() && !path(".guard.json.abc.tmp").exists());
        let mode = std::fs::metadata(path("guard.json")).expect("metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        drop(store);
        // The temporary file of an earlier version.
        std::fs::remove_file(path("guard.json.new")).expect("removed");
        std::fs::write(path("guard.json.new"), "{").expect("written");
        FileStore::open(path("guard.json")).expect("opened");
        assert!(!path("guard.json.new").exists());
    }

    #[test]
    fn damaged_file_is_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("guard.json");
        std::fs::write(&path, "{\"instance\":").expect("written");
        let held = FileStore::open(&path).expect("opened").load().expect("loaded");
        assert_eq!((held.position, held.keys), (None, None));
    }

    #[test]
    fn link_to_the_file_stays_a_link_and_has_the_same_lock() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        drop(FileStore::open(path("real.json")).expect("opened"));
        std::os::unix::fs::symlink(path("real.json"), path("guard.json")).expect("a link");
        let store = FileStore::open(path("guard.json")).expect("opened");
        store.touch(Contact::Feed, AT).expect("touched");
        assert!(path("guard.json").is_symlink());
        for name in ["guard.json", "real.json"] {
            FileStore::open(path(name)).expect_err("in use");
        }
        drop(store);
        let held = FileStore::open(path("real.json")).expect("opened").load().expect("loaded");
        assert_eq!(held.feed_contact, Some(AT));
    }

    #[test]
    fn second_store_with_the_file_is_refused_and_the_file_unchanged() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("guard.json");
        let first = FileStore::open(&path).expect("opened");
        let content = std::fs::read(&path).expect("read");
        let error = FileStore::open(&path).expect_err("in use").to_string();
        assert!(error.contains("guard.json is in use by another process"), "{error}");
        assert_eq!(std::fs::read(&path).expect("read"), content);
        drop(first);
        FileStore::open(&path).expect("opened again");
    }
}
