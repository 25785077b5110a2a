//! The replica: the guard's data, in one SQLite file for this instance only.
//!
//! The file is disposable. A damaged file, or one of another version, is set aside and created
//! again, and the guard takes a snapshot from the issuer. The guard's tasks write, one at a time.
//! Reads use a pool and never wait for a writer (WAL).

mod changes;
mod connection;
mod directory;
mod file;
mod guard_state;
mod inspection;
mod memory;
mod rows;
mod schema;
mod staging;
mod state;
mod sums;
mod wear;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use diesel::sqlite::SqliteConnection;
use signet_files::file_lock::{FileLock, FileLockError};
use signet_guard::StoreError;

use connection::Readers;
use memory::Memory;
use wear::WatchedFile;

/// The reason for which the replica can't be opened. A new replica would not help.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process uses the replica, or its lock can't be taken.
    #[error(transparent)]
    Lock(#[from] FileLockError),
    /// It is the database of another program, which must not be changed.
    #[error("{} is a database, but no replica of this service", .0.display())]
    Foreign(PathBuf),
    /// The file or its folder can't be used.
    #[error("{}: {why}", path.display())]
    Io {
        /// The path of the file or folder.
        path: PathBuf,
        /// The error of the system.
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
    file: WatchedFile,
    damaged: AtomicBool,
    writer: Mutex<SqliteConnection>,
    /// The records and pages that were read, until a write touches them.
    memory: Memory,
    /// Connections for single records, which are read on the request path.
    points: Readers,
    /// Connections for pages, so that a long read never delays the single read of a request.
    pages: Readers,
    _lock: FileLock,
}

impl Replica {
    /// Opens the replica at `path`, or creates one if there is none that can be trusted. `workers`
    /// is the number of threads that read single records at the same time.
    ///
    /// # Errors
    ///
    /// Another process uses the replica, the file is not a replica, or the folder can't be written.
    pub fn open(path: &Path, workers: usize) -> Result<Self, OpenError> {
        Self::open_locked(path, workers, Self::lock(path)?)
    }

    /// Takes the lock of the replica at `path`, which need not exist yet.
    ///
    /// # Errors
    ///
    /// Another process uses the replica, or the folder can't be written.
    pub fn lock(path: &Path) -> Result<FileLock, OpenError> {
        file::prepare_folder(path)?;
        Ok(FileLock::take(path)?)
    }

    /// Opens the replica as [`open`](Self::open) does, with a lock that is taken already.
    ///
    /// # Errors
    ///
    /// The file is not a replica, or the folder can't be written.
    pub fn open_locked(path: &Path, workers: usize, lock: FileLock) -> Result<Self, OpenError> {
        let writer = file::open_or_rebuild(path)?;
        Ok(Self {
            path: path.to_owned(),
            file: WatchedFile::at(path).map_err(|error| OpenError::io(path, &error))?,
            damaged: AtomicBool::new(false),
            writer: Mutex::new(writer),
            memory: Memory::default(),
            points: connection::readers(path, workers)?,
            pages: connection::readers(path, PAGE_READERS)?,
            _lock: lock,
        })
    }

    /// Returns true if the file is gone, or if damage was found in it. The next start creates a new
    /// replica.
    pub fn damaged(&self) -> bool {
        self.damaged.load(Ordering::Relaxed) || self.file.is_gone(&self.path)
    }

    /// Records damage if `error` is a sign of it.
    fn look_at(&self, error: &diesel::result::Error) {
        if wear::shows_in(error, &self.path) {
            self.damaged.store(true, Ordering::Relaxed);
        }
    }

    /// Creates the error for the guard from a database error. It is for the log.
    fn failed(&self, error: &diesel::result::Error) -> StoreError {
        self.look_at(error);
        StoreError::new(format_args!("the replica: {error}"))
    }

    fn write(&self) -> MutexGuard<'_, SqliteConnection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The number of pages that can be read at the same time.
pub const PAGE_READERS: usize = 4;
