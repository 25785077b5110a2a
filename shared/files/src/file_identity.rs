//! The identity of a file at the time it was opened.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A file, independent of its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileIdentity {
    device: u64,
    inode: u64,
}

impl FileIdentity {
    /// Returns the identity of the file at `path`.
    ///
    /// # Errors
    ///
    /// There is no file, or it can't be looked at.
    pub fn of(path: &Path) -> io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        Ok(Self { device: metadata.dev(), inode: metadata.ino() })
    }

    /// Returns the inode, which identifies the file on its disk.
    pub fn inode(self) -> u64 {
        self.inode
    }

    /// Returns true if `path` still names this file.
    pub fn matches(self, path: &Path) -> bool {
        Self::of(path).is_ok_and(|now| now == self)
    }
}
