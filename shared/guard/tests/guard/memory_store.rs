//! A store with a directory, in memory, in place of a service's database.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use signet_contract::directory::DirectoryUser;
use signet_contract::events::{Change, Event};
use signet_guard::store::{
    Batch, Contact, GuardStore, Held, SavedKeys, SnapshotEnd, StoreError, UserRecord,
};
use time::OffsetDateTime;
use uuid::Uuid;

#[derive(Default)]
struct State {
    position: Option<u64>,
    feed_contact: Option<OffsetDateTime>,
    revocations: BTreeMap<u64, Event>,
    keys: Option<SavedKeys>,
    users: BTreeMap<Uuid, UserRecord>,
    staged: BTreeMap<Uuid, UserRecord>,
    full: bool,
    slow: bool,
}

pub(crate) struct MemoryStore {
    instance: Uuid,
    state: Mutex<State>,
    quick: Condvar,
}

impl MemoryStore {
    pub(crate) fn new() -> Self {
        Self { instance: Uuid::new_v4(), state: Mutex::default(), quick: Condvar::new() }
    }

    /// Sets whether every later write fails.
    pub(crate) fn full(&self, full: bool) {
        self.state.lock().expect("whole").full = full;
    }

    /// Sets whether a page of users is not staged for now.
    pub(crate) fn slow(&self, slow: bool) {
        self.state.lock().expect("whole").slow = slow;
        self.quick.notify_all();
    }

    fn write(&self, write: impl FnOnce(&mut State)) -> Result<(), StoreError> {
        let mut state = self.state.lock().expect("whole");
        if state.full {
            return Err(StoreError::new("the disk is full"));
        }
        write(&mut state);
        Ok(())
    }
}

fn record(user: &DirectoryUser) -> UserRecord {
    UserRecord { state: user.state, roles: user.roles.clone() }
}

impl GuardStore for MemoryStore {
    fn load(&self) -> Result<Held, StoreError> {
        let state = self.state.lock().expect("whole");
        Ok(Held {
            instance: self.instance,
            position: state.position,
            feed_contact: state.feed_contact,
            revocations: state.revocations.values().cloned().collect(),
            keys: state.keys.clone(),
        })
    }

    fn has_directory(&self) -> bool {
        true
    }

    fn apply(&self, batch: &Batch<'_>) -> Result<(), StoreError> {
        self.write(|state| {
            for event in batch.events {
                match &event.change {
                    Change::UserCreated(user)
                    | Change::UserUpdated(user)
                    | Change::UserDisabled(user)
                    | Change::UserEnabled(user) => {
                        let roles = user.roles.clone().expect("with `directory:read`");
                        state.users.insert(user.public_id, UserRecord { state: user.state, roles });
                    }
                    Change::UserDeleted { public_id } => drop(state.users.remove(public_id)),
                    _ => {}
                }
            }
            state.revocations.extend(batch.revocations.iter().map(|one| (one.seq, one.clone())));
            state.revocations.retain(|seq, _| !batch.forget.contains(seq));
            state.position = Some(batch.position);
            state.feed_contact = Some(batch.at);
        })
    }

    fn begin_snapshot(&self) -> Result<(), StoreError> {
        self.write(|state| state.staged.clear())
    }

    fn stage_users(&self, users: &[DirectoryUser]) -> Result<(), StoreError> {
        let state = self.state.lock().expect("whole");
        // A test that fails meanwhile waits for this thread.
        let limit = Duration::from_secs(20);
        let waited = self.quick.wait_timeout_while(state, limit, |state| state.slow);
        assert!(!waited.expect("whole").1.timed_out(), "the test does not go on");
        self.write(|state| {
            state.staged.extend(users.iter().map(|user| (user.public_id, record(user))));
        })
    }

    fn finish_snapshot(&self, end: &SnapshotEnd<'_>) -> Result<(), StoreError> {
        self.write(|state| {
            state.users = std::mem::take(&mut state.staged);
            state.revocations.extend(end.revocations.iter().map(|one| (one.seq, one.clone())));
            state.revocations.retain(|seq, _| !end.forget.contains(seq));
            state.position = Some(end.position);
            state.feed_contact = Some(end.at);
        })
    }

    fn save_keys(&self, keys: &SavedKeys) -> Result<(), StoreError> {
        self.write(|state| state.keys = Some(keys.clone()))
    }

    fn touch(&self, contact: Contact, at: OffsetDateTime) -> Result<(), StoreError> {
        self.write(|state| match (contact, &mut state.keys) {
            (Contact::Feed, _) => state.feed_contact = Some(at),
            (Contact::Keys, Some(keys)) => keys.fetched_at = at,
            (Contact::Keys, None) => {}
        })
    }

    fn find_user(&self, public_id: Uuid) -> Result<Option<UserRecord>, StoreError> {
        Ok(self.state.lock().expect("whole").users.get(&public_id).cloned())
    }
}
