//! The folder of the private keys.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::super::{FileError, KeyFault, KeyFiles};
use super::material::{new_key, shared_key};

#[test]
fn written_key_file_is_complete_and_private() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = folder.path().join("keys/signing");
    let files = KeyFiles::in_folder(&keys);
    let key = shared_key();
    files.keep(&key).expect("kept");
    files.keep(&key).expect("kept again");
    let path = keys.join(format!("{}.pem", key.kid()));
    let mode = |path| fs::metadata(path).expect("metadata").permissions().mode() & 0o777;
    assert_eq!((mode(&keys), mode(&path)), (0o700, 0o600));
    assert_eq!(fs::read_dir(&keys).expect("listed").count(), 1);
    assert_eq!(files.read(key.kid()).expect("read").kid(), key.kid());
    files.check_modes().expect("private");
}

#[test]
fn file_readable_by_others_is_refused_with_a_chmod_hint() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = KeyFiles::in_folder(folder.path());
    let key = shared_key();
    files.keep(&key).expect("kept");
    let path = folder.path().join(format!("{}.pem", key.kid()));
    for mode in [0o640, 0o604, 0o620, 0o644] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).expect("changed");
        let line = files.read(key.kid()).expect_err("refused").to_string();
        assert!(line.contains(&format!("chmod 600 {}", path.display())), "{line}");
        assert!(matches!(files.check_modes(), Err(FileError::OpenToOthers(_))), "{mode:o}");
    }
}

/// `fsGroup` of Kubernetes makes the files of a volume readable and writable for a group of the
/// process. The rule has tests of its own; here the folder counts.
#[test]
fn group_readable_file_is_accepted_in_a_volume_of_the_group() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = KeyFiles::in_folder(folder.path());
    let key = shared_key();
    files.keep(&key).expect("kept");
    let path = folder.path().join(format!("{}.pem", key.kid()));
    fs::set_permissions(&path, Permissions::from_mode(0o660)).expect("changed");
    assert!(files.read(key.kid()).is_err());
    fs::set_permissions(folder.path(), Permissions::from_mode(0o2770)).expect("changed");
    assert_eq!(files.read(key.kid()).expect("read").kid(), key.kid());
    files.check_modes().expect("accepted");
    fs::set_permissions(&path, Permissions::from_mode(0o664)).expect("changed");
    let line = files.read(key.kid()).expect_err("refused").to_string();
    assert!(line.ends_with(&format!("chmod o= {}", path.display())), "{line}");
}

#[test]
fn a_file_with_another_key_or_half_a_key_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = KeyFiles::in_folder(folder.path());
    let (key, other) = (shared_key(), new_key());
    files.keep(&key).expect("kept");
    let path = folder.path().join(format!("{}.pem", key.kid()));

    fs::write(&path, other.pem().as_bytes()).expect("written");
    assert!(matches!(files.read(key.kid()), Err(FileError::WrongKey(..))));

    let pem = key.pem();
    for length in [0, 1, 30, pem.len() / 2, pem.len() - 20] {
        fs::write(&path, &pem.as_bytes()[..length]).expect("written");
        let refused = files.read(key.kid()).expect_err("refused");
        let half = matches!(refused, FileError::Invalid(_, KeyFault::Damaged | KeyFault::NotAKey));
        assert!(half, "{length}: {refused}");
    }
    fs::remove_file(&path).expect("removed");
    assert!(matches!(files.read(key.kid()), Err(FileError::Missing(_))));
}

/// A crash between the temporary file and the rename leaves only the temporary file.
#[test]
fn partial_key_file_of_a_crash_is_ignored() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = KeyFiles::in_folder(folder.path());
    let key = shared_key();
    let leftover = folder.path().join(format!(".{}.pem.{}.tmp", key.kid(), std::process::id()));
    fs::write(&leftover, "-----BEGIN PRIV").expect("written");
    files.check_modes().expect("it is no key");
    assert!(matches!(files.read(key.kid()), Err(FileError::Missing(_))));
    files.keep(&key).expect("kept");
    assert_eq!(files.read(key.kid()).expect("read").kid(), key.kid());
    files.remove_abandoned().expect("looked through");
    assert!(!leftover.exists());
}

#[test]
fn removal_of_a_key_file_is_idempotent() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = KeyFiles::in_folder(folder.path());
    let key = shared_key();
    files.keep(&key).expect("kept");
    files.forget(key.kid()).expect("forgotten");
    files.forget(key.kid()).expect("forgotten again");
    assert!(matches!(files.read(key.kid()), Err(FileError::Missing(_))));
    KeyFiles::in_folder(&folder.path().join("none")).check_modes().expect("no folder, no file");
}
