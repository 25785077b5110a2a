//! The folder of the private keys: one PEM file for each, named by its thumbprint.
//!
//! A file is written whole or not at all, and before its record: a key that is published always has
//! its file. Any reader of a file can sign as the issuer, so its mode is checked at start.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use signet_files::access::{self, Exposure};
use signet_files::durable_file::{self, DirectSteps, Steps};
use signet_files::private;
use zeroize::Zeroizing;

use super::key_fault::KeyFault;
use super::private_key::{LARGEST_FILE, PrivateKey};
use auth_domain::keys::Key;

/// The reason for which a key's file can't be used, in one line for the operator.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file does not exist.
    #[error("the private key of a key in use is missing: {0}; put it back from a backup")]
    Missing(PathBuf),
    /// Others could read it.
    #[error("{0}")]
    OpenToOthers(Exposure),
    /// The file does not hold a key.
    #[error("{0} {1}")]
    Invalid(PathBuf, KeyFault),
    /// The file holds another key than its name says.
    #[error(
        "{0} holds another key ({1}) than its name and the database say; put the right one back from a backup"
    )]
    WrongKey(PathBuf, String),
    /// The file system returned an error.
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
}

/// The folder of the private keys.
#[derive(Debug, Clone)]
pub struct KeyFiles {
    folder: PathBuf,
    steps: Arc<dyn Steps>,
}

/// The lock of a folder. It lasts until it is dropped, or its process ends. Its holder alone adds
/// pairs: another process does not publish a pair that this one has not published yet.
#[derive(Debug)]
pub struct FolderLock {
    _folder: File,
}

impl KeyFiles {
    /// Creates the key files of `folder`, which need not exist yet.
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), steps: Arc::new(DirectSteps) }
    }

    /// Returns the same files, changed in these steps. A test ends a process at any of them.
    #[must_use]
    pub fn changed_in(&self, steps: Arc<dyn Steps>) -> Self {
        Self { folder: self.folder.clone(), steps }
    }

    fn path(&self, kid: &str) -> PathBuf {
        self.folder.join(format!("{kid}.pem"))
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Locks the folder, and makes it if it is missing. Waits for another holder of the lock.
    pub fn lock(&self) -> Result<FolderLock, FileError> {
        self.lock_by(File::lock)
    }

    /// Locks the folder if no other process has the lock; `None` if one has.
    pub fn try_lock(&self) -> Result<Option<FolderLock>, FileError> {
        match self.lock_by(|folder| Ok(folder.try_lock()?)) {
            Ok(lock) => Ok(Some(lock)),
            Err(FileError::Io(_, error)) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn lock_by(&self, lock: impl FnOnce(&File) -> io::Result<()>) -> Result<FolderLock, FileError> {
        let locked = || {
            private::make_folder(&self.folder)?;
            let folder = File::open(&self.folder)?;
            lock(&folder)?;
            Ok(FolderLock { _folder: folder })
        };
        locked().map_err(|error| FileError::Io(self.folder.clone(), error))
    }

    /// Returns true if the folder has a file of this key, good or not.
    pub fn holds(&self, kid: &str) -> bool {
        self.path(kid).try_exists().unwrap_or(true)
    }

    /// Returns the names of the folder's files that have no record: a process ended before it added
    /// the pair, or an operator put the file there.
    pub fn unpublished(&self, known: &[Key]) -> Result<Vec<String>, FileError> {
        let known: HashSet<&str> = known.iter().map(|key| key.kid.as_str()).collect();
        Ok(self.list()?.into_iter().filter(|kid| !known.contains(kid.as_str())).collect())
    }

    /// Writes a key's file. After this returns, the file survives a power cut.
    pub fn keep(&self, key: &PrivateKey) -> Result<(), FileError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |error| FileError::Io(path, error)
        };
        private::make_folder(&self.folder).map_err(failed(&self.folder))?;
        let path = self.path(key.kid());
        durable_file::write_by(&*self.steps, &path, key.pem().as_bytes(), 0o600)
            .map_err(failed(&path))
    }

    /// Reads the key with this thumbprint. Checks that its file holds it and is not open to others.
    pub fn read(&self, kid: &str) -> Result<PrivateKey, FileError> {
        let path = self.path(kid);
        let io = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => FileError::Missing(path.clone()),
            _ => FileError::Io(path.clone(), error),
        };
        if let Some(exposure) = access::exposure(&path).map_err(io)? {
            return Err(FileError::OpenToOthers(exposure));
        }
        let key = read_key(&path)?;
        if key.kid() != kid {
            return Err(FileError::WrongKey(path, key.kid().to_owned()));
        }
        Ok(key)
    }

    /// Checks that no key file of the folder, in use or not, is open to others.
    pub fn check_modes(&self) -> Result<(), FileError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(FileError::Io(self.folder.clone(), error)),
        };
        for entry in entries {
            let path = entry.map_err(|error| FileError::Io(self.folder.clone(), error))?.path();
            let is_key = path.extension().is_some_and(|extension| extension == "pem");
            if !is_key {
                continue;
            }
            let exposure = access::exposure(&path);
            if let Some(exposure) = exposure.map_err(|error| FileError::Io(path, error))? {
                return Err(FileError::OpenToOthers(exposure));
            }
        }
        Ok(())
    }

    /// Returns the thumbprints in the names of the folder's files, in order.
    pub fn list(&self) -> Result<Vec<String>, FileError> {
        let failed = |error| FileError::Io(self.folder.clone(), error);
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut kids = Vec::new();
        for entry in entries {
            let name = entry.map_err(failed)?.file_name();
            let kid = name.to_str().and_then(|name| name.strip_suffix(".pem"));
            kids.extend(kid.filter(|kid| !kid.starts_with('.')).map(str::to_owned));
        }
        kids.sort_unstable();
        Ok(kids)
    }

    /// Removes the temporary files of a process that ended while it wrote a key.
    pub fn remove_abandoned(&self) -> Result<(), FileError> {
        let removed = durable_file::remove_abandoned(&*self.steps, &self.folder);
        removed.map_err(|error| FileError::Io(self.folder.clone(), error))
    }

    /// Removes the file of a key that will never sign again.
    pub fn forget(&self, kid: &str) -> Result<(), FileError> {
        let path = self.path(kid);
        match durable_file::remove_by(&*self.steps, &path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(FileError::Io(path, error))
            }
            _ => Ok(()),
        }
    }
}

/// Reads a key from any file, such as one to import.
pub fn read_key(path: &Path) -> Result<PrivateKey, FileError> {
    let io = |error| FileError::Io(path.to_owned(), error);
    let file = fs::File::open(path).map_err(io)?;
    let mut content = Zeroizing::new(Vec::with_capacity(LARGEST_FILE + 1));
    // One byte more than the limit is enough to detect a larger file.
    let most = u64::try_from(LARGEST_FILE).unwrap_or(u64::MAX) + 1;
    io::Read::read_to_end(&mut io::Read::take(file, most), &mut content).map_err(io)?;
    PrivateKey::from_pem(&content).map_err(|unfit| FileError::Invalid(path.to_owned(), unfit))
}
