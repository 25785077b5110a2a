//! Records and pages in memory, so that most requests read no file.
//!
//! The replica changes by the guard's writes only. Each write drops what it touched: after its
//! commit, and before the guard publishes its position. So no answer is older than the position that
//! the guard confirms to the issuer.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use signet_guard::store::UserRecord;
use uuid::Uuid;

use super::changes::Written;
use crate::domain::cursor::Cursor;
use crate::domain::directory::User;

/// The limits, in bytes: some 50,000 records, and a thousand pages of a hundred users.
const RECORD_BYTES: u64 = 16 * 1024 * 1024;
const PAGE_BYTES: u64 = 16 * 1024 * 1024;

/// Typical sizes, in bytes. They set the number of locks, not the limits.
const TYPICAL_RECORD: u64 = 300;
const TYPICAL_PAGE: u64 = 256 * 1024;

/// The bytes of an entry beside its texts: keys, pointers, and the tables that grow by doubling.
const ENTRY: usize = 256;

/// A user's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    /// The part for other users.
    pub(super) user: Arc<User>,
    /// The part for the guard.
    pub(super) rights: UserRecord,
}

/// A page: the cursor after which it begins, and the most users.
type PageKey = (Option<Cursor>, u16);

/// A page as JSON, and the ordinals that it depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredPage {
    /// The JSON.
    pub(super) json: Bytes,
    /// The ordinal before its first user.
    pub(super) after: i64,
    /// The ordinal of the user that follows, which decides if there is a next page; the largest
    /// number if none follows, since a new user would.
    pub(super) to: i64,
}

/// The records and pages.
pub(super) struct Memory {
    /// The number of writes so far. What was read before a write may be older than the write, so it
    /// is not kept after it.
    writes: RwLock<u64>,
    records: Cache<Uuid, Arc<Record>, Size>,
    pages: Cache<PageKey, StoredPage, Size>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            writes: RwLock::default(),
            records: bounded(RECORD_BYTES, TYPICAL_RECORD),
            pages: bounded(PAGE_BYTES, TYPICAL_PAGE),
        }
    }
}

impl Memory {
    /// Returns a user's record from memory, or else from `read`.
    pub(super) fn record<E>(
        &self,
        public_id: Uuid,
        read: impl FnOnce() -> Result<Option<Record>, E>,
    ) -> Result<Option<Arc<Record>>, E> {
        if let Some(record) = self.records.get(&public_id) {
            return Ok(Some(record));
        }
        let writes = self.writes();
        let Some(record) = read()?.map(Arc::new) else { return Ok(None) };
        self.keep(writes, || self.records.insert(public_id, Arc::clone(&record)));
        Ok(Some(record))
    }

    /// Returns the JSON of a page if it is in memory.
    pub(super) fn known_page(&self, page: &PageKey) -> Option<Bytes> {
        self.pages.get(page).map(|page| page.json)
    }

    /// Returns the JSON of a page from memory, or else from `read`.
    pub(super) fn page<E>(
        &self,
        page: PageKey,
        read: impl FnOnce() -> Result<StoredPage, E>,
    ) -> Result<Bytes, E> {
        if let Some(json) = self.known_page(&page) {
            return Ok(json);
        }
        let writes = self.writes();
        let read = read()?;
        let json = read.json.clone();
        self.keep(writes, || self.pages.insert(page, read));
        Ok(json)
    }

    /// Drops the records of these rows and the pages that depend on them, after the rows were
    /// written.
    pub(super) fn drop_written(&self, rows: &[Written]) {
        if rows.is_empty() {
            return;
        }
        self.count_write();
        for public_id in rows.iter().map(|row| row.public_id).collect::<HashSet<_>>() {
            self.records.remove(&public_id);
        }
        let mut ordinals: Vec<_> = rows.iter().map(|row| row.ordinal).collect();
        ordinals.sort_unstable();
        self.pages.retain(|_, page| {
            let next = ordinals.partition_point(|ordinal| *ordinal <= page.after);
            ordinals.get(next).is_none_or(|ordinal| *ordinal > page.to)
        });
    }

    /// Drops everything, after the table was replaced.
    pub(super) fn drop_all(&self) {
        self.count_write();
        self.records.clear();
        self.pages.clear();
    }

    /// Returns the bytes of the records, and of the pages.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> (u64, u64) {
        (self.records.weight(), self.pages.weight())
    }

    fn writes(&self) -> u64 {
        *self.writes.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn count_write(&self) {
        *self.writes.write().unwrap_or_else(PoisonError::into_inner) += 1;
    }

    /// Inserts what was read after `writes` writes, if there was no other write since. The lock is
    /// held meanwhile, so that the next write drops it.
    fn keep(&self, writes: u64, insert: impl FnOnce()) {
        let now = self.writes.read().unwrap_or_else(PoisonError::into_inner);
        if *now == writes {
            insert();
        }
    }
}

/// Creates a cache of at most `bytes`.
fn bounded<K: Eq + std::hash::Hash, V: Clone>(bytes: u64, typical: u64) -> Cache<K, V, Size>
where
    Size: Weighter<K, V>,
{
    let entries = usize::try_from(bytes / typical).unwrap_or(usize::MAX);
    Cache::with_weighter(entries, bytes, Size)
}

/// The sizes of entries, in bytes.
#[derive(Debug, Clone, Copy)]
struct Size;

impl Weighter<Uuid, Arc<Record>> for Size {
    fn weight(&self, _: &Uuid, record: &Arc<Record>) -> u64 {
        let Record { user, rights } = &**record;
        let roles = rights.roles.iter().map(|role| size_of::<String>() + role.len()).sum::<usize>();
        (ENTRY + user.name.len() + user.email.len() + roles) as u64
    }
}

impl Weighter<PageKey, StoredPage> for Size {
    fn weight(&self, _: &PageKey, page: &StoredPage) -> u64 {
        (ENTRY + page.json.len()) as u64
    }
}
