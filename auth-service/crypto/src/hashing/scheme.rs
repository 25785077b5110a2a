//! The method of a stored hash. New ones are argon2id. An imported hash of another method stays
//! until its user's next log-in, which replaces it.

use super::argon2id::{self, HashError, Memory, Verified};
use super::hash_fault::HashFault;
use super::werkzeug::Stored;

/// The longest hash that is imported, in bytes; werkzeug's have about 170.
const LONGEST: usize = 1_024;

/// Checks that an imported hash can be stored: a log-in must be able to verify it.
pub fn check(stored: &str) -> Result<(), HashFault> {
    if stored.len() > LONGEST {
        return Err(HashFault::Damaged);
    }
    if is_phc(stored) { argon2id::check(stored) } else { Stored::read(stored).map(drop) }
}

pub(super) fn verify_in(
    memory: &mut Memory,
    password: &[u8],
    stored: &str,
) -> Result<Verified, HashError> {
    if is_phc(stored) {
        return argon2id::verify_in(memory, password, stored);
    }
    let stored = Stored::read(stored).map_err(|_| HashError::Unreadable)?;
    let right = stored.is_of(password);
    Ok(if right { Verified::Right { outdated: true } } else { Verified::Wrong })
}

fn is_phc(stored: &str) -> bool {
    stored.starts_with('$')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hashing::hash;

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
        assert_eq!(check("$2b$12$abcdefghijklmnopqrstuv"), Err(HashFault::Unknown));
        assert_eq!(check(&ours[..ours.len() - 30]), Err(HashFault::Damaged), "a short digest");
        assert_eq!(check("$argon2id$v=19$m=19456,t=2,p=1"), Err(HashFault::Damaged));
    }
}
