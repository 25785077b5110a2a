//! The method of a stored hash. New ones are argon2id. An imported hash of another method stays
//! until its user's next log-in, which replaces it.

use super::argon2id::{self, HashError, Memory, Verified};
use super::hash_fault::HashFault;
use super::imported::Imported;
use super::{bcrypt_hash, django, werkzeug};

/// The longest hash that is imported, in bytes; werkzeug's have about 170.
const LONGEST: usize = 1_024;

/// A stored hash by its method.
enum Scheme<'h> {
    /// A PHC string of argon2.
    Argon2(&'h str),
    /// A hash of another system.
    Imported(Imported),
}

/// Checks that an imported hash can be stored: a log-in must be able to verify it.
pub fn check(stored: &str) -> Result<(), HashFault> {
    if stored.len() > LONGEST {
        return Err(HashFault::Damaged);
    }
    match read(stored)? {
        Scheme::Argon2(phc) => argon2id::check(phc),
        Scheme::Imported(_) => Ok(()),
    }
}

pub(super) fn verify_in(
    memory: &mut Memory,
    password: &[u8],
    stored: &str,
) -> Result<Verified, HashError> {
    let right = match read(stored).map_err(|_| HashError::Unreadable)? {
        Scheme::Argon2(phc) => match argon2id::verify_in(memory, password, phc)? {
            verified if phc.len() == stored.len() => return Ok(verified),
            verified => verified != Verified::Wrong,
        },
        Scheme::Imported(hash) => hash.is_of(password),
    };
    Ok(if right { Verified::Right { outdated: true } } else { Verified::Wrong })
}

/// Reads a hash. The text before the first `$` names its method, except for argon2 and bcrypt.
fn read(stored: &str) -> Result<Scheme<'_>, HashFault> {
    let (method, rest) = stored.split_once('$').ok_or(HashFault::Unknown)?;
    let hash = match method {
        "" if rest.starts_with("argon2") => return Ok(Scheme::Argon2(stored)),
        "" => bcrypt_hash::read(stored, false)?,
        // Django writes its name for the method before the hash.
        "argon2" => return Ok(Scheme::Argon2(&stored[method.len()..])),
        "bcrypt" => bcrypt_hash::read(rest, false)?,
        "bcrypt_sha256" => bcrypt_hash::read(rest, true)?,
        "pbkdf2_sha256" => django::pbkdf2("sha256", rest)?,
        "pbkdf2_sha1" => django::pbkdf2("sha1", rest)?,
        "scrypt" => django::scrypt(rest)?,
        "plain" => return Err(HashFault::Plain),
        _ => werkzeug::read(method, rest)?,
    };
    Ok(Scheme::Imported(hash))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::hashing::hash;

    /// Returns true if `stored` may be imported and is a hash of `password`, to be replaced.
    pub(in crate::hashing) fn right(password: &str, stored: &str) -> bool {
        check(stored) == Ok(()) && verify(password, stored) == Verified::Right { outdated: true }
    }

    /// Returns true if `stored` may be imported and is no hash of `password`.
    pub(in crate::hashing) fn wrong(password: &str, stored: &str) -> bool {
        check(stored) == Ok(()) && verify(password, stored) == Verified::Wrong
    }

    /// Returns the reason for which `stored` may not be imported.
    pub(in crate::hashing) fn refused(stored: &str) -> HashFault {
        check(stored).err().unwrap_or_else(|| panic!("{stored} is taken"))
    }

    fn verify(password: &str, stored: &str) -> Verified {
        verify_in(&mut Memory::default(), password.as_bytes(), stored).unwrap()
    }

    #[test]
    fn imported_hash_verifies_and_is_outdated() {
        let stored = "pbkdf2:sha1:1000$3nr0JdqNnzKDCPVw$f61680e11ff5243f9d2c1c0b4e8655d8e56aee20";
        assert_eq!(verify("correct horse", stored), Verified::Right { outdated: true });
        assert_eq!(verify("another horse", stored), Verified::Wrong);
        assert_eq!(check(stored), Ok(()));
    }

    #[test]
    fn own_hash_is_importable_and_costly_hash_is_not() {
        let ours = hash(b"correct horse").unwrap();
        assert_eq!(check(&ours), Ok(()));
        assert_eq!(verify("correct horse", &ours), Verified::Right { outdated: false });
        for (head, why) in
            [("m=19456,t=2,p=1", "m=65537,t=2,p=1"), ("m=19456,t=2,p=1", "m=19456,t=17,p=1")]
        {
            assert_eq!(check(&ours.replace(head, why)), Err(HashFault::TooCostly), "{why}");
        }
        assert_eq!(check(&ours.replace("argon2id", "argon2i")), Err(HashFault::Unknown));
        assert_eq!(check("$2b$12$abcdefghijklmnopqrstuv"), Err(HashFault::Damaged));
        assert_eq!(check(&ours[..ours.len() - 30]), Err(HashFault::Damaged), "a short digest");
        assert_eq!(check("$argon2id$v=19$m=19456,t=2,p=1"), Err(HashFault::Damaged));
    }
}
