//! The file behind a path. Two paths of one file have one lock and one note.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The most links that lead from one to the next, as in Linux.
const MOST_LINKS: u32 = 40;

/// Returns the absolute path of a file, without links in it. The file need not exist yet.
///
/// # Errors
///
/// The path can't be read, or its links lead in a circle.
pub fn resolve(path: &Path) -> io::Result<PathBuf> {
    let mut path = std::path::absolute(path)?;
    for _ in 0..MOST_LINKS {
        match path.canonicalize() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            found => return found,
        }
        let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
        let Ok(target) = fs::read_link(&path) else {
            let folder = folder.canonicalize().unwrap_or(folder);
            return Ok(folder.join(path.file_name().unwrap_or_default()));
        };
        // A link to a file that does not exist yet.
        path = folder.join(target);
    }
    Err(io::Error::other("too many links lead from one to the next"))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_and_missing_files_lead_to_one_path() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("a path");
        let path = |name: &str| root.join(name);
        fs::create_dir(path("real")).expect("made");
        symlink("real", path("other")).expect("a link");
        symlink("real/file", path("link")).expect("a link");
        symlink(path("link"), path("second")).expect("a link");
        let file = path("real/file");
        for exists in [false, true] {
            if exists {
                fs::write(&file, "x").expect("written");
            }
            for name in ["real/file", "other/file", "link", "second", "real/../link"] {
                assert_eq!(resolve(&path(name)).expect("resolved"), file, "{name} {exists}");
            }
        }
        let missing = path("none/file");
        assert_eq!(resolve(&missing).expect("resolved"), missing);
        symlink("circle", path("circle")).expect("a link");
        resolve(&path("circle")).expect_err("a circle");
    }
}
