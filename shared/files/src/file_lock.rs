//! One process per state file, such as the database of an issuer or the replica of a guard.
//!
//! The operating system holds the lock, on a file beside the state file, so every end of the process
//! releases it.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use super::{links, private};

/// The time in which a process that is ending must release the lock.
const PATIENCE: Duration = Duration::from_secs(1);

/// The lock of a state file. Dropping it releases the lock.
#[derive(Debug)]
pub struct FileLock {
    _file: File,
}

/// The reason for which a state file can't be locked.
#[derive(Debug, thiserror::Error)]
pub enum FileLockError {
    /// Another process uses the state file.
    #[error("{} is in use by another process; each instance needs a file of its own", .0.display())]
    InUse(PathBuf),
    /// The lock file can't be made or locked.
    #[error("can't lock {}: {error}", path.display())]
    Io {
        /// The path of the lock file.
        path: PathBuf,
        /// The error of the system.
        error: io::Error,
    },
}

impl FileLock {
    /// Takes the lock of the state file at `path`. Blocks for a second if a process holds it.
    ///
    /// # Errors
    ///
    /// Another process holds the lock after that second, or the lock file can't be used.
    pub fn take(path: &Path) -> Result<Self, FileLockError> {
        match Self::try_take(path) {
            Err(FileLockError::InUse(_)) => {}
            taken => return taken,
        }
        let name = beside(path);
        let failed = |error| FileLockError::Io { path: name.clone(), error };
        let file = private::open_lock_file(&name).map_err(failed)?;
        // A thread waits. If the lock stays held, it ends with the process, which ends soon.
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let locked = file.lock().map(|()| file);
            // After a timeout there is no receiver, and the file is closed.
            drop(sender.send(locked));
        });
        match receiver.recv_timeout(PATIENCE) {
            Ok(Ok(file)) => Ok(Self { _file: file }),
            Ok(Err(error)) => Err(failed(error)),
            Err(_) => Err(FileLockError::InUse(path.to_owned())),
        }
    }

    /// Takes the lock as [`take`](Self::take) does, without waiting.
    ///
    /// # Errors
    ///
    /// Another process holds the lock, or the lock file can't be used.
    pub fn try_take(path: &Path) -> Result<Self, FileLockError> {
        let name = beside(path);
        let failed = |error| FileLockError::Io { path: name.clone(), error };
        let file = private::open_lock_file(&name).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(FileLockError::InUse(path.to_owned())),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// Returns true if a process has locked the state file at `path` before, and may hold the lock.
    pub fn is_known(path: &Path) -> bool {
        beside(path).exists()
    }
}

/// Returns the path of the lock file. A link and the file behind it have one lock.
fn beside(path: &Path) -> PathBuf {
    let mut name = links::resolve(path).unwrap_or_else(|_| path.to_owned()).into_os_string();
    name.push(".lock");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_lock_is_refused_until_the_first_is_dropped() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state");
        assert!(!FileLock::is_known(&path));
        let first = FileLock::take(&path).expect("locked");
        assert!(FileLock::is_known(&path));
        let error = FileLock::take(&path).expect_err("held").to_string();
        assert!(error.contains("state is in use by another process"), "{error}");
        drop(first);
        FileLock::take(&path).expect("locked again");
    }

    #[test]
    fn lock_of_a_process_that_is_ending_is_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state");
        let first = FileLock::take(&path).expect("locked");
        let (started, waits) = mpsc::channel();
        let second = std::thread::spawn({
            let path = path.clone();
            move || {
                started.send(()).expect("heard");
                FileLock::take(&path).map(drop)
            }
        });
        waits.recv().expect("started");
        drop(first);
        second.join().expect("ended").expect("locked");
    }

    #[test]
    fn unusable_folder_is_named() {
        let error = FileLock::take(Path::new("/nowhere/state")).expect_err("no folder");
        assert!(error.to_string().contains("/nowhere/state.lock"), "{error}");
    }
}
