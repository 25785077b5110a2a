//! Files that are never half written: a temporary name, an fsync, a rename, an fsync of the folder.
//!
//! A temporary name is random, and its file is always a new one. So another user of the folder can't
//! plant a link there.

use std::ffi::{OsStr, OsString};
use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::private::restrict;

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
    let folder = folder_of(path);
    let (temporary, file) = create(steps, path, mode)?;
    // The file stays open, and so locked, until it has its name.
    let written = fill(steps, &temporary, &file, content).and_then(|()| {
        steps.take(Step::Rename(&temporary, path), &mut || fs::rename(&temporary, path))
    });
    if written.is_err() {
        // The first error is the one to return; a leftover temporary file is only untidy.
        let _ = remove_by(steps, &temporary);
        return written;
    }
    steps.take(Step::SyncFolder(folder), &mut || File::open(folder)?.sync_all())
}

/// Returns the folder of a file.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Returns the start of the temporary names of a file.
fn temporary_prefix(path: &Path) -> io::Result<OsString> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(".");
    Ok(prefix)
}

/// Creates and locks the temporary file of `path`.
fn create(steps: &dyn Steps, path: &Path, mode: u32) -> io::Result<(PathBuf, File)> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    restrict(&mut options, mode);
    let named = tempfile::Builder::new()
        .prefix(&temporary_prefix(path)?)
        .suffix(TEMPORARY)
        // A process that ends between two steps removes nothing, so no error may either.
        .disable_cleanup(true)
        .make_in(folder_of(path), |temporary| {
            let mut created = None;
            steps.take(Step::Create(temporary), &mut || {
                let file = options.open(temporary)?;
                set_mode(&file, mode).inspect_err(|_| drop(fs::remove_file(temporary)))?;
                // On a file system without locks, no file counts as abandoned either.
                let _ = file.lock();
                created = Some(file);
                Ok(())
            })?;
            created.ok_or(io::ErrorKind::Interrupted.into())
        })?;
    let (file, temporary) = named.into_parts();
    Ok((temporary.to_path_buf(), file))
}

#[cfg(unix)]
fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_file: &File, _mode: u32) -> io::Result<()> {
    Ok(())
}

fn fill(steps: &dyn Steps, path: &Path, mut file: &File, content: &[u8]) -> io::Result<()> {
    steps.take(Step::Write(path), &mut || file.write_all(content))?;
    steps.take(Step::Sync(path), &mut || file.sync_all())
}

/// Removes the temporary files in `folder` of processes that ended while they wrote: those that no
/// writer has locked. They may be whole, and secret.
pub fn remove_abandoned(steps: &dyn Steps, folder: &Path) -> io::Result<()> {
    remove_abandoned_from(steps, folder, OsStr::new("."))
}

/// Removes the temporary files of `path`, as [`remove_abandoned`] does. Other files of the folder
/// stay.
pub fn remove_abandoned_of(path: &Path) -> io::Result<()> {
    remove_abandoned_from(&DirectSteps, folder_of(path), &temporary_prefix(path)?)
}

/// Removes the file `path` if no process has locked it and it is no link: the temporary file of an
/// earlier version.
pub fn remove_if_abandoned(path: &Path) -> io::Result<()> {
    if abandoned(path) { fs::remove_file(path) } else { Ok(()) }
}

fn remove_abandoned_from(steps: &dyn Steps, folder: &Path, prefix: &OsStr) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        let temporary =
            name.starts_with(prefix.as_encoded_bytes()) && name.ends_with(TEMPORARY.as_bytes());
        if temporary && abandoned(&path) {
            remove_by(steps, &path)?;
        }
    }
    Ok(())
}

/// Returns true for a file that no process has locked. A link or a pipe is no temporary file.
fn abandoned(path: &Path) -> bool {
    let mut options = OpenOptions::new();
    options.read(true);
    restrict(&mut options, 0o600);
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_file())
        && options.open(path).is_ok_and(|file| file.try_lock().is_ok())
}

/// Removes a file, in `steps`.
pub fn remove_by(steps: &dyn Steps, path: &Path) -> io::Result<()> {
    steps.take(Step::Remove(path), &mut || fs::remove_file(path))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("listed");
        let name = |entry: io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
        let mut names: Vec<_> =
            entries.map(|entry| name(entry).into_string().expect("UTF-8")).collect();
        names.sort();
        names
    }

    #[test]
    fn a_written_file_is_whole_and_private_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        let mode = || fs::metadata(&path).expect("metadata").permissions().mode() & 0o777;
        write(&path, b"old", 0o644).expect("written");
        assert_eq!(mode(), 0o644);
        write(&path, b"new", 0o600).expect("written again");
        assert_eq!(fs::read(&path).expect("read"), b"new");
        assert_eq!(mode(), 0o600);
        assert_eq!(names(folder.path()), ["secret"]);
    }

    #[test]
    fn link_at_a_predictable_name_stays_and_its_target_is_unchanged() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("target"), "x").expect("written");
        let planted = format!(".secret.{}.tmp", std::process::id());
        symlink(path("target"), path(&planted)).expect("a link");
        symlink(path("target"), path(".secret.abcdef.tmp")).expect("a link");
        write(&path("secret"), b"new", 0o600).expect("written");
        remove_abandoned(&DirectSteps, folder.path()).expect("looked through");
        remove_abandoned_of(&path("secret")).expect("looked through");
        assert_eq!(fs::read(path("target")).expect("read"), b"x");
        assert_eq!(fs::read(path("secret")).expect("read"), b"new");
        assert_eq!(names(folder.path()), [&*planted, ".secret.abcdef.tmp", "secret", "target"]);
    }

    #[test]
    fn failed_write_leaves_no_temporary_file() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("secret")).expect("a folder");
        write(&folder.path().join("secret"), b"new", 0o600).expect_err("a folder is in the way");
        assert_eq!(names(folder.path()), ["secret"]);
    }

    #[test]
    fn abandoned_temporary_files_are_removed_and_no_others() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let others = ["key.pem", ".hidden", "notes.tmp", ".other.1.tmp", ".key.pem.1.tmp"];
        for name in others {
            fs::write(path(name), "x").expect("written");
        }
        let (held, locked) = create(&DirectSteps, &path("key.pem"), 0o600).expect("created");
        remove_abandoned_of(&path("key.pem")).expect("looked through");
        let there = |name: &str| path(name).exists();
        assert_eq!(others.map(there), [true, true, true, true, false]);
        remove_abandoned(&DirectSteps, folder.path()).expect("looked through");
        assert_eq!(others.map(there), [true, true, true, false, false]);
        assert!(held.exists());
        drop(locked);
        remove_abandoned(&DirectSteps, folder.path()).expect("looked through");
        assert!(!held.exists());
        remove_abandoned(&DirectSteps, &path("none")).expect("a folder that is not there");
    }
}
