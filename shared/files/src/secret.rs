//! Secrets in text files, and the warning about one that other users may read.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use super::text;

/// Reads the secret in a text file of at most `limit` bytes. Blanks and line ends stay. Logs a
/// warning if other users may read the file, once per process and file.
///
/// # Errors
///
/// The file can't be read, is longer than `limit`, or is not UTF-8 text.
pub fn read(path: &Path, limit: usize) -> io::Result<Zeroizing<String>> {
    let file = File::open(path)?;
    // The whole space at once: a growing vector would leave copies of the secret in memory. One
    // byte more than the limit is enough to detect a longer file.
    let mut content = Zeroizing::new(Vec::with_capacity(limit + 1));
    file.take(u64::try_from(limit).unwrap_or(u64::MAX) + 1).read_to_end(&mut content)?;
    if content.len() > limit {
        return Err(io::Error::other("it is too long for a secret"));
    }
    warn_if_exposed(path);
    Ok(Zeroizing::new(text::decode(&content)?.to_owned()))
}

/// Logs a warning if other users may read the secret in `path`, once per process and file.
#[cfg(unix)]
pub fn warn_if_exposed(path: &Path) {
    use std::collections::BTreeSet;
    use std::path::PathBuf;
    use std::sync::{Mutex, PoisonError};

    static WARNED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

    // A pipe or a terminal has another access than its mode says.
    let is_file = path.metadata().is_ok_and(|metadata| metadata.is_file());
    let Ok(Some(exposure)) = super::access::exposure(path) else { return };
    let first = || WARNED.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
    if is_file && first() {
        tracing::warn!("{exposure}; a mounted secret takes its mode (0400) from its definition");
    }
}

/// Does nothing: the access of a file is not known on this system.
#[cfg(not(unix))]
pub fn warn_if_exposed(_path: &Path) {}

#[cfg(test)]
mod tests {
    #[test]
    fn secret_is_read_without_its_mark_and_refused_in_another_encoding() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        let read = |content: &[u8]| {
            std::fs::write(&path, content).expect("written");
            super::read(&path, 8).map(|secret| secret.to_string()).map_err(|e| e.to_string())
        };
        assert_eq!(read(b"\xef\xbb\xbfa b\r\n").as_deref(), Ok("a b\r\n"));
        assert_eq!(read(b"12345678").as_deref(), Ok("12345678"));
        assert!(read(b"123456789").expect_err("too long").contains("too long"));
        assert!(read(b"\xff\xfea\0").expect_err("UTF-16").contains("UTF-16"));
        assert!(read(b"\xe4").expect_err("Latin-1").contains("UTF-8"));
    }
}
