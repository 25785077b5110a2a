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

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use diesel::sqlite::SqliteConnection;
use shared::guard::StoreError;

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
            writer: Mutex::new(writer),
            points: connection::readers(path, workers)?,
            pages: connection::readers(path, PAGE_READERS)?,
            _lock: lock,
        })
    }

    fn write(&self) -> MutexGuard<'_, SqliteConnection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many pages are read at the same time.
pub const PAGE_READERS: usize = 4;

/// A database error on its way to the guard. It is for the log.
#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn store_error(error: diesel::result::Error) -> StoreError {
    StoreError::new(format_args!("the replica: {error}"))
}
