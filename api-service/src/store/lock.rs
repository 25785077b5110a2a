//! One process per replica: two processes would apply the same feed to one file with one instance
//! id, and the issuer could not distinguish them.
//!
//! The operating system holds the lock, on a file next to the replica, so every end of the process
//! releases it.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use signet_files::private;

use super::OpenError;

/// The time in which a killed process must release the lock.
const PATIENCE: Duration = Duration::from_secs(1);

/// The lock, held for the life of the replica.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of the replica at `path`. Waits for [`PATIENCE`] if a process holds it.
    pub(super) fn take(path: &Path) -> Result<Self, OpenError> {
        let name = beside(path);
        let file = private::open_lock_file(&name).map_err(|error| OpenError::io(&name, &error))?;
        if file.try_lock().is_ok() {
            return Ok(Self { _file: file });
        }
        // A thread waits: if the lock stays held, this process ends soon, and the thread with it.
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let locked = file.lock().map(|()| file);
            // After a timeout there is no receiver, and the file is closed.
            drop(sender.send(locked));
        });
        match receiver.recv_timeout(PATIENCE) {
            Ok(Ok(file)) => Ok(Self { _file: file }),
            Ok(Err(error)) => Err(OpenError::io(&name, &error)),
            Err(_) => Err(OpenError::InUse(path.to_owned())),
        }
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".lock");
    PathBuf::from(name)
}
