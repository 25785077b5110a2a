//! The replica: what the guard holds, in one SQLite file of this instance alone.
//!
//! The file is disposable. What can't be trusted (damaged, of another version) is set aside and
//! begun anew, and the guard takes a snapshot from the issuer. Writes come from the guard's tasks,
//! one at a time; reads go through a pool and never wait for a writer (WAL).

mod changes;
mod connection;
mod directory;
mod file;
mod guard_state;
mod inspection;
mod lock;
mod rows;
mod schema;
mod state;
mod sums;
mod wear;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use diesel::sqlite::SqliteConnection;
use signet_guard::StoreError;

use connection::Readers;
use lock::Lock;

/// Why the replica can't be opened. None of these is mended by beginning it anew.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("{} is in use by another process; each instance needs a replica of its own", .0.display())]
    InUse(PathBuf),
    /// It is somebody else's database, which must not be touched.
    #[error("{} is a database, but no replica of this service", .0.display())]
    Foreign(PathBuf),
    /// The file or its folder can't be used.
    #[error("{}: {why}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
}

impl OpenError {
    fn io(path: &Path, error: &dyn std::fmt::Display) -> Self {
        Self::Io { path: path.to_owned(), why: error.to_string() }
    }
}

/// An open replica.
pub struct Replica {
    path: PathBuf,
    damaged: AtomicBool,
    writer: Mutex<SqliteConnection>,
    /// For single records, which are read on the request path.
    points: Readers,
    /// For pages, so that long reads never keep a request from its one record.
    pages: Readers,
    _lock: Lock,
}

impl Replica {
    /// Opens the replica at `path`, beginning a new one if there is none, or none that can be
    /// trusted. `workers` is how many threads read single records at the same time.
    ///
    /// # Errors
    ///
    /// If another process has it, if it is no replica, or if the folder can't be written.
    pub fn open(path: &Path, workers: usize) -> Result<Self, OpenError> {
        file::prepare_folder(path)?;
        let lock = Lock::take(path)?;
        let writer = file::open_or_rebuild(path)?;
        Ok(Self {
            path: path.to_owned(),
            damaged: AtomicBool::new(false),
            writer: Mutex::new(writer),
            points: connection::readers(path, workers)?,
            pages: connection::readers(path, PAGE_READERS)?,
            _lock: lock,
        })
    }

    /// Whether it was noticed that the file does not hold what was written. The next start begins
    /// it anew.
    pub fn damaged(&self) -> bool {
        self.damaged.load(Ordering::Relaxed)
    }

    /// Notes damage, if `error` tells of any.
    fn look_at(&self, error: &diesel::result::Error) {
        if wear::shows_in(error, &self.path) {
            self.damaged.store(true, Ordering::Relaxed);
        }
    }

    /// A database error on its way to the guard. It is for the log.
    fn failed(&self, error: &diesel::result::Error) -> StoreError {
        self.look_at(error);
        StoreError::new(format_args!("the replica: {error}"))
    }

    fn write(&self) -> MutexGuard<'_, SqliteConnection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many pages are read at the same time.
pub const PAGE_READERS: usize = 4;
