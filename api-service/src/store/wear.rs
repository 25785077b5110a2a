//! Damage that is found while the replica is in use: the file was truncated or deleted, or the disk
//! returns other data than was written.
//!
//! Open connections prevent a repair: the last one to close would write to the log of the new file.
//! So damage is only recorded, and the next start creates a new replica.

use std::path::Path;

use diesel::result::Error;

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
