//! Damage that is found while the replica is in use: the file was truncated or deleted, or the disk
//! returns other data than was written.
//!
//! Open connections prevent a repair: the last one to close would write to the log of the new file.
//! So damage is only recorded, and the next start creates a new replica.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use diesel::result::Error;
use signet_files::file_identity::FileIdentity;

/// The file of the replica, as it was last looked at. Most requests read memory and not the file, so
/// they do not find that it is gone.
pub(super) struct WatchedFile {
    identity: FileIdentity,
    length: AtomicU64,
}

impl WatchedFile {
    /// Returns the file at `path`.
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        Ok(Self { identity: FileIdentity::of(path)?, length: AtomicU64::new(length(path)?) })
    }

    /// Returns true if the file was deleted, replaced or cut. SQLite never makes it shorter: it keeps
    /// free pages.
    pub(super) fn is_gone(&self, path: &Path) -> bool {
        match length(path) {
            Ok(now) => {
                self.length.fetch_max(now, Ordering::Relaxed) > now || !self.identity.matches(path)
            }
            Err(error) => error.kind() == ErrorKind::NotFound,
        }
    }
}

fn length(path: &Path) -> io::Result<u64> {
    fs::metadata(path).map(|metadata| metadata.len())
}

/// The messages of SQLite for a file with other content than was written.
const DAMAGED: [&str; 3] =
    ["database disk image is malformed", "file is not a database", "no such table"];

/// The message of SQLite for a deleted file, but also for a failing disk.
const UNREADABLE: &str = "disk I/O error";

/// Returns true if `error` means that the replica at `path` must be created again.
pub(super) fn shows_in(error: &Error, path: &Path) -> bool {
    match error {
        Error::DatabaseError(_, info) => {
            let said = info.message();
            DAMAGED.iter().any(|words| said.contains(words))
                || (said.contains(UNREADABLE) && !path.exists())
        }
        Error::DeserializationError(_) => true,
        _ => false,
    }
}
