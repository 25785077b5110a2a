//! One server per database file: two would sign with different keys and miss each other's events.
//!
//! The lock is the kernel's, on a file beside the database. It goes with the process that holds
//! it, however that ends; the file itself stays and means nothing.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a start waits for a server that is just ending.
const PATIENCE: Duration = Duration::from_secs(1);
const RETRY: Duration = Duration::from_millis(20);

/// Held for as long as a server serves.
#[derive(Debug)]
pub struct InstanceLock {
    _file: File,
}

/// Why a server may not start.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// There is one already.
    #[error("another auth-service serves the database {0}; stop it first")]
    Held(PathBuf),
    /// The lock file can't be made or locked.
    #[error("can't lock {0}: {1}")]
    Failed(PathBuf, std::io::Error),
}

impl InstanceLock {
    /// Takes the lock of `database`, waiting up to one second for it.
    pub async fn take(database: &Path) -> Result<Self, LockError> {
        let mut name = database.as_os_str().to_owned();
        name.push(".lock");
        let path = PathBuf::from(name);
        let failed = |error| LockError::Failed(path.clone(), error);
        let file =
            OpenOptions::new().append(true).create(true).mode(0o600).open(&path).map_err(failed)?;
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
                Err(TryLockError::WouldBlock) => {}
            }
            if tokio::time::Instant::now() >= deadline {
                return Err(LockError::Held(database.to_owned()));
            }
            tokio::time::sleep(RETRY).await;
        }
    }
}
