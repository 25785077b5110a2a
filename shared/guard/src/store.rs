//! The storage for the data that must survive a restart of the guard. The guard makes every
//! decision; a store performs each call completely or not at all.
//!
//! All calls but [`find_user`](GuardStore::find_user) and
//! [`has_directory`](GuardStore::has_directory) come from a thread that may block, one at a time
//! per subject (feed, keys).

use time::OffsetDateTime;
use uuid::Uuid;

use signet_contract::directory::{DirectoryUser, UserState};
use signet_contract::events::Event;

/// A store could not perform a call. The text is for the log: it may name a file, never a secret.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

impl StoreError {
    /// Creates an error from a text of one line.
    pub fn new(line: impl std::fmt::Display) -> Self {
        Self(line.to_string())
    }
}

/// The data of a store after a restart.
#[derive(Debug, Clone)]
pub struct Held {
    /// The id of this guard at the issuer: drawn at random when the store is created, and never
    /// changed. (The issuer accepts at most 100 instances of a client.)
    pub instance: Uuid,
    /// The position of the feed that is applied; `None` before the first snapshot.
    pub position: Option<u64>,
    /// The time at which the data was current, according to the feed.
    pub feed_contact: Option<OffsetDateTime>,
    /// Every revocation that was stored and not removed.
    pub revocations: Vec<Event>,
    /// The last good key set.
    pub keys: Option<SavedKeys>,
}

/// The last good key set, as received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedKeys {
    /// The body of the answer.
    pub text: String,
    /// Its `ETag`.
    pub etag: Option<String>,
    /// The time of the request that brought or last confirmed it.
    pub fetched_at: OffsetDateTime,
}

/// Changes of the feed, in order, with the position after them.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// Every change, in commit order, each new to the store. User changes are for the directory; a
    /// member that is `None` in a change stays as it is.
    pub events: &'a [Event],
    /// Those of `events` that [`load`](GuardStore::load) must return, keyed by `seq`.
    pub revocations: &'a [Event],
    /// The `seq`s of stored revocations that touch only expired tokens.
    pub forget: &'a [u64],
    /// The position after the batch.
    pub position: u64,
    /// The time at which the store is current after the batch: that of the answer, or, if more
    /// changes follow, that of the last change.
    pub at: OffsetDateTime,
}

/// The end of a snapshot: the staged data replaces the data that is held.
#[derive(Debug, Clone, Copy)]
pub struct SnapshotEnd<'a> {
    /// The snapshot's revocations, keyed by `seq`. They are added to the stored ones. There may be
    /// a million.
    pub revocations: &'a [Event],
    /// The `seq`s of revocations, these or stored before, that are superfluous.
    pub forget: &'a [u64],
    /// The position from which the feed is applied.
    pub position: u64,
    /// The time of the request for the snapshot.
    pub at: OffsetDateTime,
}

/// The part of the issuer that answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contact {
    /// The key set was confirmed (`304`): updates [`SavedKeys::fetched_at`].
    Keys,
    /// The feed had nothing new: updates [`Held::feed_contact`].
    Feed,
}

/// The fields of a user's record that the guard reads at each request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRecord {
    /// Active or disabled.
    pub state: UserState,
    /// The roles in the directory.
    pub roles: Vec<String>,
}

/// The state of one guard on disk.
pub trait GuardStore: Send + Sync {
    /// Returns the data of the last run; an empty or damaged store gives an empty [`Held`].
    fn load(&self) -> Result<Held, StoreError>;

    /// Returns true if the store keeps users too. A store without a directory receives no users,
    /// and the guard trusts the roles in tokens.
    fn has_directory(&self) -> bool;

    /// Applies changes and updates the position, in one transaction.
    fn apply(&self, batch: &Batch<'_>) -> Result<(), StoreError>;

    /// Begins a snapshot and drops the staged data of an unfinished one. The data that is held
    /// stays readable.
    fn begin_snapshot(&self) -> Result<(), StoreError>;

    /// Stages one page of users, in order of creation. A user of an earlier page is replaced.
    fn stage_users(&self, users: &[DirectoryUser]) -> Result<(), StoreError>;

    /// Replaces the data that is held by the staged data, in one transaction.
    fn finish_snapshot(&self, end: &SnapshotEnd<'_>) -> Result<(), StoreError>;

    /// Stores a key set.
    fn save_keys(&self, keys: &SavedKeys) -> Result<(), StoreError>;

    /// Notes that the issuer answered and nothing else changed.
    fn touch(&self, contact: Contact, at: OffsetDateTime) -> Result<(), StoreError>;

    /// Finds a user. The guard calls it for every request, so it must take microseconds. Always
    /// `None` without a directory.
    fn find_user(&self, public_id: Uuid) -> Result<Option<UserRecord>, StoreError>;
}
