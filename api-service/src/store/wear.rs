//! Damage that shows while the replica is in use: somebody cut or deleted the file, or the disk
//! gives back something else than was written.
//!
//! It can't be mended under open connections: whichever closes last writes to the new file's log.
//! So it is only noted, and the next start begins the replica anew.

use std::path::Path;

use diesel::result::Error;

/// What SQLite says of a file that does not hold what was written.
const DAMAGED: [&str; 3] =
    ["database disk image is malformed", "file is not a database", "no such table"];

/// What it says of a file that is gone, but of a tired disk, too.
const UNREADABLE: &str = "disk I/O error";

/// Whether `error` tells that the replica at `path` must be begun anew.
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
