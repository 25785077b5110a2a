//! Files that are never half written: a temporary name, an fsync, a rename, an fsync of the folder.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// The suffix of a file's temporary name, until the file is whole.
const TEMPORARY: &str = ".tmp";

/// One step of a change to a folder. A process can end before each step, a machine after each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// An empty file is made, for the owner alone.
    Create(&'a Path),
    /// Its content is written. If the step is cut short, a part of the content may be there.
    Write(&'a Path),
    /// Its content is on the disk.
    Sync(&'a Path),
    /// It takes its name, and the place of an older file of that name.
    Rename(&'a Path, &'a Path),
    /// The names of this folder are on the disk.
    SyncFolder(&'a Path),
    /// A file is removed.
    Remove(&'a Path),
}

/// Carries out the steps. A test implements it to end a process at any step.
pub trait Steps: Debug + Send + Sync {
    /// Carries out this step by calling `work`.
    fn take(&self, step: Step<'_>, work: &mut dyn FnMut() -> io::Result<()>) -> io::Result<()>;
}

/// Carries out every step.
#[derive(Debug, Clone, Copy, Default)]
pub struct DirectSteps;

impl Steps for DirectSteps {
    fn take(&self, _step: Step<'_>, work: &mut dyn FnMut() -> io::Result<()>) -> io::Result<()> {
        work()
    }
}

/// Writes `content` so that a reader sees the old file or the whole new one, even after a crash.
/// `mode` is the new file's permission bits, such as `0o600`; no umask widens them.
pub fn write(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    write_by(&DirectSteps, path, content, mode)
}

/// Writes `content` as [`write()`] does, in `steps`.
pub fn write_by(steps: &dyn Steps, path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut temporary_name = std::ffi::OsString::from(".");
    temporary_name.push(name);
    temporary_name.push(format!(".{}{TEMPORARY}", std::process::id()));
    let temporary = folder.join(temporary_name);

    // The file stays open, and so locked, until it has its name.
    let written = write_whole(steps, &temporary, content, mode).and_then(|_locked| {
        steps.take(Step::Rename(&temporary, path), &mut || fs::rename(&temporary, path))
    });
    if written.is_err() {
        // The first error is the one to return; a leftover temporary file is only untidy.
        let _ = remove_by(steps, &temporary);
        return written;
    }
    steps.take(Step::SyncFolder(folder), &mut || File::open(folder)?.sync_all())
}

fn write_whole(steps: &dyn Steps, path: &Path, content: &[u8], mode: u32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(mode);
    let mut created = None;
    steps.take(Step::Create(path), &mut || {
        let file = options.open(path)?;
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        // On a file system without locks, no file counts as abandoned either.
        let _ = file.lock();
        created = Some(file);
        Ok(())
    })?;
    let mut file = created.ok_or(io::ErrorKind::Interrupted)?;
    steps.take(Step::Write(path), &mut || file.write_all(content))?;
    steps.take(Step::Sync(path), &mut || file.sync_all())?;
    Ok(file)
}

/// Removes the temporary files in `folder` of processes that ended while they wrote: those that no
/// writer has locked. They may be whole, and secret.
pub fn remove_abandoned(steps: &dyn Steps, folder: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        if name.starts_with(b".") && name.ends_with(TEMPORARY.as_bytes()) && abandoned(&path) {
            remove_by(steps, &path)?;
        }
    }
    Ok(())
}

fn abandoned(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| file.try_lock().is_ok())
}

/// Removes a file, in `steps`.
pub fn remove_by(steps: &dyn Steps, path: &Path) -> io::Result<()> {
    steps.take(Step::Remove(path), &mut || fs::remove_file(path))
}

/// Returns true if the group or others may read, write or run `path`.
pub fn open_to_others(path: &Path) -> io::Result<bool> {
    Ok(fs::metadata(path)?.permissions().mode() & 0o077 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_file_is_whole_and_private_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        write(&path, b"old", 0o644).expect("written");
        write(&path, b"new", 0o600).expect("written again");
        assert_eq!(fs::read(&path).expect("read"), b"new");
        assert!(!open_to_others(&path).expect("metadata"));
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 1);
    }

    #[test]
    fn abandoned_temporary_files_are_removed_and_no_others() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let others = ["key.pem", ".hidden", "notes.tmp", ".key.pem.1.tmp"];
        for name in others {
            fs::write(path(name), "x").expect("written");
        }
        let held =
            write_whole(&DirectSteps, &path(".key.pem.2.tmp"), b"x", 0o600).expect("written");
        remove_abandoned(&DirectSteps, folder.path()).expect("looked through");
        let there = |name: &str| path(name).exists();
        let all = ["key.pem", ".hidden", "notes.tmp", ".key.pem.1.tmp", ".key.pem.2.tmp"];
        assert_eq!(all.map(there), [true, true, true, false, true]);
        drop(held);
        remove_abandoned(&DirectSteps, folder.path()).expect("looked through");
        assert!(!there(".key.pem.2.tmp"));
        remove_abandoned(&DirectSteps, &path("none")).expect("a folder that is not there");
    }
}
