//! Where a guard keeps what must survive its restart. The guard decides everything; a store only
//! stores, and does each call wholly or not at all.
//!
//! All calls but [`find_user`](GuardStore::find_user) and
//! [`has_directory`](GuardStore::has_directory) come from a thread that may block, one at a time
//! per subject (feed, keys).

use time::OffsetDateTime;
use uuid::Uuid;

use signet_contract::directory::{DirectoryUser, UserState};
use signet_contract::events::Event;

/// A store could not do what it was asked. The text is for the log: it may name a file, never a
/// secret.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

impl StoreError {
    /// An error from anything that reads as one line.
    pub fn new(line: impl std::fmt::Display) -> Self {
        Self(line.to_string())
    }
}

/// What a store gives back after a restart.
#[derive(Debug, Clone)]
pub struct Held {
    /// Who this guard is towards the issuer: drawn at random when the store is made, kept for its
    /// life. (The issuer knows at most 100 instances of a client.)
    pub instance: Uuid,
    /// How far the feed was applied; `None` before the first snapshot.
    pub position: Option<u64>,
    /// The moment of which what is held is true, as far as the feed told.
    pub feed_contact: Option<OffsetDateTime>,
    /// Every revocation that was stored and not forgotten.
    pub revocations: Vec<Event>,
    /// The last good key set.
    pub keys: Option<SavedKeys>,
}

/// The last good key set, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedKeys {
    /// The body of the answer.
    pub text: String,
    /// Its `ETag`.
    pub etag: Option<String>,
    /// When the request was sent that brought or last confirmed it.
    pub fetched_at: OffsetDateTime,
}

/// Changes of the feed, in order, with the position after them.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// Every change, in commit order, each new to the store. User changes are for the directory;
    /// a member that a change does not tell (`None`) stays as it is.
    pub events: &'a [Event],
    /// Those of `events` that must be given back by [`load`](GuardStore::load), keyed by `seq`.
    pub revocations: &'a [Event],
    /// The `seq`s of stored revocations that no living token can meet any more.
    pub forget: &'a [u64],
    /// The position after the batch.
    pub position: u64,
    /// The moment of which the store is true after the batch: that of the answer, or, if more is to
    /// come, that of its last change.
    pub at: OffsetDateTime,
}

/// The end of a snapshot: with it, what was staged becomes what is held.
#[derive(Debug, Clone, Copy)]
pub struct SnapshotEnd<'a> {
    /// The snapshot's revocations, keyed by `seq`: to be held on top of those stored before. There
    /// may be a million.
    pub revocations: &'a [Event],
    /// The `seq`s of revocations, these or stored before, that are superfluous.
    pub forget: &'a [u64],
    /// The position that the feed is applied from.
    pub position: u64,
    /// When the snapshot was asked for.
    pub at: OffsetDateTime,
}

/// Which part of the issuer answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contact {
    /// The key set was confirmed (`304`): moves [`SavedKeys::fetched_at`].
    Keys,
    /// The feed had nothing new: moves [`Held::feed_contact`].
    Feed,
}

/// What the guard asks of a user's record at each request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRecord {
    /// Active or disabled.
    pub state: UserState,
    /// The roles that the directory knows.
    pub roles: Vec<String>,
}

/// The state of one guard on disk.
pub trait GuardStore: Send + Sync {
    /// What was held when the guard last ran; an empty or damaged store gives an empty [`Held`].
    fn load(&self) -> Result<Held, StoreError>;

    /// Whether users are kept too. A store without a directory is never given users, and tokens'
    /// roles are believed.
    fn has_directory(&self) -> bool;

    /// Applies changes and moves the position, in one transaction.
    fn apply(&self, batch: &Batch<'_>) -> Result<(), StoreError>;

    /// Begins a snapshot: what an earlier one staged and never finished is dropped. What is held
    /// stays readable.
    fn begin_snapshot(&self) -> Result<(), StoreError>;

    /// Stages one page of users, in order of creation. A user of an earlier page is replaced.
    fn stage_users(&self, users: &[DirectoryUser]) -> Result<(), StoreError>;

    /// Puts what was staged in place of what was held, in one transaction.
    fn finish_snapshot(&self, end: &SnapshotEnd<'_>) -> Result<(), StoreError>;

    /// Keeps a key set.
    fn save_keys(&self, keys: &SavedKeys) -> Result<(), StoreError>;

    /// Notes that the issuer answered and nothing else changed.
    fn touch(&self, contact: Contact, at: OffsetDateTime) -> Result<(), StoreError>;

    /// Finds a user. Called on the request path, at every request: it must take microseconds.
    /// Always `None` without a directory.
    fn find_user(&self, public_id: Uuid) -> Result<Option<UserRecord>, StoreError>;
}
