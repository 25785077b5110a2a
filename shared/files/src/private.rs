//! Folders and files for their owner alone, under any umask.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;

/// Creates a folder and the missing ones above it, with access for their owner only. An existing
/// folder keeps its mode.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// Checks that files can be made in `folder`, or that a missing `folder` can be made. Makes nothing.
///
/// # Errors
///
/// The process has no right to write there, or the path leads through a file.
pub fn check_writable(folder: &Path) -> io::Result<()> {
    let whole = std::path::absolute(folder)?;
    for place in whole.ancestors() {
        match fs::metadata(place) {
            Ok(found) if found.is_dir() => return writable(place),
            Ok(_) => return Err(io::ErrorKind::NotADirectory.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if place.is_symlink() {
                    return Err(io::Error::other("it is a link to a folder that does not exist"));
                }
            }
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::NotFound.into())
}

/// Checks that the process may read and write a file.
///
/// # Errors
///
/// It has no right to do so, or there is no such file.
#[cfg(unix)]
pub fn check_file_writable(file: &Path) -> io::Result<()> {
    use rustix::fs::Access;
    Ok(rustix::fs::access(file, Access::READ_OK | Access::WRITE_OK)?)
}

#[cfg(unix)]
fn writable(folder: &Path) -> io::Result<()> {
    use rustix::fs::Access;
    Ok(rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK)?)
}

/// Does nothing: this system has no modes.
#[cfg(not(unix))]
fn writable(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Does nothing: this system has no modes.
#[cfg(not(unix))]
pub fn check_file_writable(_file: &Path) -> io::Result<()> {
    Ok(())
}

/// Opens the lock file `path`, and creates it for its owner only. A link is not followed, so that a
/// user who may write to the folder can't choose the file.
///
/// # Errors
///
/// The path is a link, or the file can't be opened.
pub fn open_lock_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    restrict(&mut options, 0o600);
    options.open(path).map_err(|error| {
        let is_link = path.symlink_metadata().is_ok_and(|found| found.is_symlink());
        if is_link {
            io::Error::other("it is a link, which is not followed; remove it")
        } else {
            error
        }
    })
}

/// Makes `options` follow no link, and create a file with this mode.
#[cfg(unix)]
pub(super) fn restrict(options: &mut OpenOptions, mode: u32) {
    use std::os::unix::fs::OpenOptionsExt;
    let no_link = rustix::fs::OFlags::NOFOLLOW.bits();
    options.mode(mode).custom_flags(no_link.cast_signed());
}

/// Does nothing: this system has no modes.
#[cfg(not(unix))]
pub(super) fn restrict(_options: &mut OpenOptions, _mode: u32) {}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("metadata").permissions().mode() & 0o777
    }

    #[test]
    fn new_folders_are_private_and_existing_ones_keep_their_mode() {
        let folder = tempfile::tempdir().expect("a folder");
        let (outer, inner) = (folder.path().join("outer"), folder.path().join("outer/inner"));
        make_folder(&inner).expect("made");
        assert_eq!((mode(&outer), mode(&inner)), (0o700, 0o700));
        fs::set_permissions(&inner, fs::Permissions::from_mode(0o755)).expect("changed");
        make_folder(&inner).expect("it exists");
        assert_eq!(mode(&inner), 0o755);
    }

    #[test]
    fn unusable_folder_is_noticed_and_nothing_is_made() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        check_writable(folder.path()).expect("writable");
        check_writable(&path("new/and/deep")).expect("can be made");
        fs::write(path("file"), "x").expect("written");
        let kind = |name: &str| check_writable(&path(name)).expect_err("unusable").kind();
        assert_eq!(kind("file"), io::ErrorKind::NotADirectory);
        assert_eq!(kind("file/below"), io::ErrorKind::NotADirectory);
        check_writable(Path::new("/proc/self")).expect_err("not even root can write there");
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 1);
        symlink("unmounted", path("link")).expect("a link");
        for name in ["link", "link/below"] {
            let told = check_writable(&path(name)).expect_err("dangling").to_string();
            assert!(told.contains("a link to a folder that does not exist"), "{told}");
        }
    }

    #[test]
    fn lock_file_is_private_and_no_link() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        open_lock_file(&path("lock")).expect("created");
        open_lock_file(&path("lock")).expect("opened again");
        assert_eq!(mode(&path("lock")), 0o600);
        for (target, link) in [("target", "link"), ("missing", "dangling")] {
            symlink(path(target), path(link)).expect("a link");
            fs::write(path("target"), "x").expect("written");
            let told = open_lock_file(&path(link)).expect_err("refused").to_string();
            assert!(told.contains("is a link"), "{told}");
        }
        assert_eq!(fs::read(path("target")).expect("read"), b"x");
        assert!(!path("missing").exists());
    }
}
