//! One process per replica: two would apply the same feed to one file under one instance id, and
//! the issuer could not tell them apart.
//!
//! The lock is the operating system's, on a file beside the replica, so it goes with the process
//! however that ends.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use super::OpenError;

/// How long a process that was just killed may take to let go.
const PATIENCE: Duration = Duration::from_secs(1);

/// Held for the life of the replica.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of the replica at `path`, waiting a moment for an earlier process to end.
    pub(super) fn take(path: &Path) -> Result<Self, OpenError> {
        let name = beside(path);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&name)
            .map_err(|error| OpenError::io(&name, &error))?;
        if file.try_lock().is_ok() {
            return Ok(Self { _file: file });
        }
        // The wait is a thread's: if it is in vain, this process is about to end, and the thread
        // with it.
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let locked = file.lock().map(|()| file);
            // Nobody listens any more if the wait was too long; the file is closed again then.
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
