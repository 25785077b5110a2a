//! The users that may read a secret file.
//!
//! Bits for the group are accepted where an administrator gave the group to the process, as
//! Kubernetes does: `fsGroup` makes the files of a volume readable and writable for a
//! supplementary group of the process, at each mount.
//!
//! For a process of another user, a file of root may have the mode 0440. systemd gives a credential to
//! a service by an access list (`LoadCredential`), and the mode then shows the mask of the list as the
//! bits of the group.

use std::fmt;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::process::{getegid, geteuid, getgroups};

/// The bit of a folder that gives its group to new files.
const SETGID: u32 = 0o2000;
const GROUP_BITS: u32 = 0o070;
/// The mode of a credential of systemd.
const CREDENTIAL: u32 = 0o440;
const OTHER_BITS: u32 = 0o007;

/// A file that users other than its owner may read, write or run. Its `Display` is one line with
/// the command that ends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    path: PathBuf,
    remedy: Remedy,
}

impl fmt::Display for Exposure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        write!(f, "{path} can be read by others than its owner; ")?;
        match self.remedy {
            Remedy::RemoveAll => write!(f, "type: chmod 600 {path}"),
            Remedy::RemoveOthers => write!(f, "type: chmod o= {path}"),
            Remedy::TakeOver(uid) => {
                write!(f, "type as its owner or root: chmod 600 {path} && chown {uid} {path}")
            }
        }
    }
}

/// The change that makes a file private and keeps it readable for the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remedy {
    RemoveAll,
    /// The group is accepted, and the process may need it.
    RemoveOthers,
    /// The process is this user and not the owner.
    TakeOver(u32),
}

/// The attributes of a file that decide its access.
#[derive(Debug, Clone, Copy)]
struct Attributes {
    mode: u32,
    uid: u32,
    gid: u32,
    in_setgid_folder: bool,
}

/// The user and the groups of a process.
#[derive(Debug, Clone, Copy)]
struct Identity<'a> {
    uid: u32,
    gid: u32,
    supplementary: &'a [u32],
}

/// Returns the exposure of `path`, or `None` if only its owner and an accepted group have access.
///
/// # Errors
///
/// The attributes of the file can't be read.
pub fn exposure(path: &Path) -> io::Result<Option<Exposure>> {
    let file = fs::metadata(path)?;
    let bits = file.mode() & (GROUP_BITS | OTHER_BITS);
    if bits == 0 {
        return Ok(None);
    }
    let groups = getgroups()?.into_iter().map(rustix::process::Gid::as_raw).collect::<Vec<_>>();
    let process =
        Identity { uid: geteuid().as_raw(), gid: getegid().as_raw(), supplementary: &groups };
    let remedy = remedy(attributes(path, &file)?, process);
    Ok(remedy.map(|remedy| Exposure { path: path.to_owned(), remedy }))
}

fn attributes(path: &Path, file: &Metadata) -> io::Result<Attributes> {
    // A mounted secret is a link to its file.
    let folder = fs::canonicalize(path)?.parent().map(fs::metadata).transpose()?;
    Ok(Attributes {
        mode: file.mode(),
        uid: file.uid(),
        gid: file.gid(),
        in_setgid_folder: folder.is_some_and(|folder| folder.mode() & SETGID != 0),
    })
}

/// Returns the change that a file needs, or `None` if it is private.
///
/// The primary group of the process counts only in a folder with the setgid bit, which marks a
/// volume of Kubernetes. On other machines all people may share that group.
fn remedy(file: Attributes, process: Identity<'_>) -> Option<Remedy> {
    let of_root = (file.uid, file.gid) == (0, 0) && process.uid != 0;
    if of_root && file.mode & 0o777 == CREDENTIAL {
        return None;
    }
    let group_accepted = if file.gid == process.gid {
        file.in_setgid_folder
    } else {
        process.supplementary.contains(&file.gid)
    };
    let group_exposed = file.mode & GROUP_BITS != 0 && !group_accepted;
    let others_exposed = file.mode & OTHER_BITS != 0;
    match (group_exposed, others_exposed) {
        (false, false) => None,
        (false, true) if file.mode & GROUP_BITS != 0 => Some(Remedy::RemoveOthers),
        _ if file.uid != process.uid && process.uid != 0 => Some(Remedy::TakeOver(process.uid)),
        _ => Some(Remedy::RemoveAll),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The groups of the process under test. As usual, they include its primary group.
    const PROCESS: Identity<'_> = Identity { uid: 1000, gid: 1000, supplementary: &[1000, 2000] };

    #[test]
    fn group_bits_are_accepted_for_a_group_that_was_given_to_the_process() {
        use Remedy::{RemoveAll, RemoveOthers, TakeOver};
        // Mode, owner, group, setgid folder.
        for (mode, uid, gid, in_setgid_folder, expected) in [
            (0o600, 1000, 1000, false, None),
            (0o400, 0, 0, false, None),
            // A supplementary group.
            (0o640, 1000, 2000, false, None),
            (0o660, 1000, 2000, true, None),
            (0o660, 0, 2000, true, None),
            (0o440, 0, 2000, false, None),
            // A credential of systemd.
            (0o440, 0, 0, false, None),
            (0o460, 0, 0, false, Some(TakeOver(1000))),
            (0o450, 0, 0, false, Some(TakeOver(1000))),
            (0o444, 0, 0, false, Some(TakeOver(1000))),
            (0o640, 0, 0, false, Some(TakeOver(1000))),
            (0o440, 7, 0, false, Some(TakeOver(1000))),
            // The primary group.
            (0o640, 1000, 1000, false, Some(RemoveAll)),
            (0o660, 1000, 1000, false, Some(RemoveAll)),
            (0o660, 1000, 1000, true, None),
            (0o640, 0, 1000, false, Some(TakeOver(1000))),
            // Another group.
            (0o640, 1000, 3000, false, Some(RemoveAll)),
            (0o640, 1000, 3000, true, Some(RemoveAll)),
            (0o620, 1000, 3000, false, Some(RemoveAll)),
            (0o610, 1000, 0, false, Some(RemoveAll)),
            // All users.
            (0o604, 1000, 2000, false, Some(RemoveAll)),
            (0o644, 1000, 2000, true, Some(RemoveOthers)),
            (0o662, 0, 2000, true, Some(RemoveOthers)),
            (0o644, 1000, 1000, true, Some(RemoveOthers)),
            (0o644, 1000, 1000, false, Some(RemoveAll)),
            (0o604, 0, 0, false, Some(TakeOver(1000))),
            (0o601, 1000, 1000, true, Some(RemoveAll)),
        ] {
            let file = Attributes { mode: 0o100_000 | mode, uid, gid, in_setgid_folder };
            assert_eq!(remedy(file, PROCESS), expected, "{file:?}");
        }
    }

    #[test]
    fn process_without_supplementary_groups_accepts_no_group_by_itself() {
        let root = Identity { uid: 0, gid: 0, supplementary: &[] };
        let file = |mode, gid| Attributes { mode, uid: 7, gid, in_setgid_folder: false };
        assert_eq!(remedy(file(0o640, 0), root), Some(Remedy::RemoveAll));
        assert_eq!(remedy(file(0o640, 7), root), Some(Remedy::RemoveAll));
        assert_eq!(remedy(file(0o600, 7), root), None);
        // No credential: systemd gives root its files without an access list.
        let own = Attributes { uid: 0, ..file(0o440, 0) };
        assert_eq!(remedy(own, root), Some(Remedy::RemoveAll));
    }

    #[test]
    fn exposure_names_the_file_and_the_command() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        fs::write(&path, "x").expect("written");
        let mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode));
        mode(0o604).expect("changed");
        let told = exposure(&path).expect("looked at").expect("exposed").to_string();
        assert!(told.ends_with(&format!("type: chmod 600 {}", path.display())), "{told}");
        mode(0o600).expect("changed");
        assert_eq!(exposure(&path).expect("looked at"), None);
        assert!(exposure(&folder.path().join("none")).is_err());
    }
}
