//! Making and verifying one argon2id hash, in working memory that the caller keeps.

use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use super::cost;
use super::hash_fault::HashFault;

/// Random bytes of each salt.
const SALT_BYTES: usize = 16;

/// The fewest bytes of an imported hash.
const LEAST_OUTPUT_BYTES: usize = 16;

/// A hash could not be made or verified.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// A stored hash is not one that this service makes or imports.
    #[error("a stored password hash can't be read, or asks for too much")]
    Unreadable,
    /// The system gave no randomness, or the algorithm refused its input.
    #[error("hashing failed: {0}")]
    Failed(String),
}

/// The result of verifying a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verified {
    /// The password does not match the hash.
    Wrong,
    /// The password matches the hash.
    Right {
        /// True if the stored hash is weaker than a new one would be.
        outdated: bool,
    },
}

/// A capacity that glibc takes from the system, and gives back when it is released: over 32 MiB
/// (`DEFAULT_MMAP_THRESHOLD_MAX`, mallopt(3)). It keeps smaller ones for the process.
const MAPPED_BLOCKS: usize = 33 * 1024;

/// Working memory, kept between hashes: releasing and allocating 19 MiB each time costs more than
/// the page faults that it saves.
#[derive(Default)]
pub(super) struct Memory(Vec<Block>);

impl Memory {
    fn blocks(&mut self, params: &Params) -> &mut [Block] {
        let wanted = params.block_count();
        if self.0.len() < wanted {
            // Only the used part of a capacity takes memory.
            self.0.reserve_exact(MAPPED_BLOCKS.max(wanted) - self.0.len());
            self.0.resize_with(wanted, Block::default);
        }
        &mut self.0
    }

    /// Returns true if there is memory to release.
    pub(super) fn held(&self) -> bool {
        !self.0.is_empty()
    }
}

/// Hashes `password` at once, on the caller's thread; for commands. The result is a PHC string.
pub fn hash(password: &[u8]) -> Result<String, HashError> {
    hash_in(&mut Memory::default(), password)
}

pub(super) fn hash_in(memory: &mut Memory, password: &[u8]) -> Result<String, HashError> {
    let params = cost::current().map_err(failed)?;
    let mut salt = [0; SALT_BYTES];
    getrandom::fill(&mut salt).map_err(failed)?;
    let mut output = [0; cost::OUTPUT_BYTES];
    fill(memory, &params, password, &salt, &mut output)?;
    let text = phc(&params, &salt, &output);
    output.zeroize();
    Ok(text)
}

/// Returns a random text in the form of a new hash. Verifying it costs the same, and no known password
/// matches it.
pub(super) fn stand_in() -> Result<String, HashError> {
    let (mut salt, mut output) = ([0; SALT_BYTES], [0; cost::OUTPUT_BYTES]);
    getrandom::fill(&mut salt).and_then(|()| getrandom::fill(&mut output)).map_err(failed)?;
    Ok(phc(&cost::current().map_err(failed)?, &salt, &output))
}

fn phc(params: &Params, salt: &[u8], output: &[u8]) -> String {
    format!(
        "$argon2id$v=19$m={},t={},p={}${}${}",
        params.m_cost(),
        params.t_cost(),
        params.p_cost(),
        STANDARD_NO_PAD.encode(salt),
        STANDARD_NO_PAD.encode(output),
    )
}

/// Checks that an imported hash can be stored. A log-in could verify a very short hash, but other
/// passwords would match it as well, so it is refused.
pub(super) fn check(phc: &str) -> Result<(), HashFault> {
    let stored = Stored::read(phc)?;
    if stored.expected.len() < LEAST_OUTPUT_BYTES { Err(HashFault::Damaged) } else { Ok(()) }
}

/// A stored hash, parsed, and not too costly to verify.
struct Stored {
    params: Params,
    salt: Salt,
    expected: Output,
}

impl Stored {
    fn read(phc: &str) -> Result<Self, HashFault> {
        if !phc.starts_with("$argon2id$") {
            return Err(HashFault::Unknown);
        }
        let stored = PasswordHash::new(phc).map_err(|_| HashFault::Damaged)?;
        if stored.version != Some(19) {
            return Err(HashFault::Unknown);
        }
        let params = Params::try_from(&stored).map_err(|_| HashFault::Damaged)?;
        let (Some(salt), Some(expected)) = (stored.salt, stored.hash) else {
            return Err(HashFault::Damaged);
        };
        if !cost::within_limits(&params) {
            return Err(HashFault::TooCostly);
        }
        Ok(Self { params, salt, expected })
    }
}

pub(super) fn verify_in(
    memory: &mut Memory,
    password: &[u8],
    phc: &str,
) -> Result<Verified, HashError> {
    let Stored { params, salt, expected } = Stored::read(phc).map_err(|_| HashError::Unreadable)?;
    let mut output = vec![0; expected.len()];
    fill(memory, &params, password, &salt, &mut output)?;
    let right = bool::from(output.ct_eq(expected.as_bytes()));
    output.zeroize();
    Ok(if right { Verified::Right { outdated: cost::outdated(&params) } } else { Verified::Wrong })
}

fn fill(
    memory: &mut Memory,
    params: &Params,
    password: &[u8],
    salt: &[u8],
    output: &mut [u8],
) -> Result<(), HashError> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
        .hash_password_into_with_memory(password, salt, output, memory.blocks(params))
        .map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> HashError {
    HashError::Failed(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verify(password: &[u8], phc: &str) -> Result<Verified, HashError> {
        verify_in(&mut Memory::default(), password, phc)
    }

    #[test]
    fn hash_has_the_documented_form_and_its_own_salt() {
        let (one, two) = (hash(b"correct horse").unwrap(), hash(b"correct horse").unwrap());
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert_ne!(one, two);
        assert_eq!(PasswordHash::new(&one).unwrap().salt.unwrap().len(), 16);
    }

    #[test]
    fn every_byte_of_a_password_counts_also_after_nul_and_after_the_72nd() {
        let long = [b'x'; 200];
        let phc = hash(&long).unwrap();
        assert_eq!(verify(&long, &phc).unwrap(), Verified::Right { outdated: false });
        assert_eq!(verify(&long[..199], &phc).unwrap(), Verified::Wrong);
        let phc = hash(b"abcdefgh\0one").unwrap();
        assert_eq!(verify(b"abcdefgh\0two", &phc).unwrap(), Verified::Wrong);
    }

    #[test]
    fn composed_and_decomposed_spellings_are_different_passwords() {
        let phc = hash("p\u{e9}p\u{e9}p\u{e9}p\u{e9}".as_bytes()).unwrap();
        let decomposed = "pe\u{301}pe\u{301}pe\u{301}pe\u{301}";
        assert_eq!(verify(decomposed.as_bytes(), &phc).unwrap(), Verified::Wrong);
    }

    #[test]
    fn stand_in_costs_as_much_as_a_new_hash_and_matches_no_password() {
        let (one, two) = (stand_in().unwrap(), stand_in().unwrap());
        assert_ne!(one, two);
        let form = |phc: &str| {
            let Stored { params, salt, expected } = Stored::read(phc).unwrap();
            (params, salt.len(), expected.len())
        };
        assert_eq!(form(&one), form(&hash(b"password").unwrap()));
        assert_eq!(verify(b"password", &one).unwrap(), Verified::Wrong);
    }

    #[test]
    fn cheaper_hash_verifies_and_is_outdated() {
        let params = Params::new(64, 1, 1, Some(16)).unwrap();
        let mut output = [0; 16];
        fill(&mut Memory::default(), &params, b"password", b"saltsaltsaltsalt", &mut output)
            .unwrap();
        let phc = format!(
            "$argon2id$v=19$m=64,t=1,p=1${}${}",
            STANDARD_NO_PAD.encode("saltsaltsaltsalt"),
            STANDARD_NO_PAD.encode(output)
        );
        assert_eq!(verify(b"password", &phc).unwrap(), Verified::Right { outdated: true });
    }

    #[test]
    fn a_hash_that_asks_for_too_much_is_refused_before_any_work() {
        let tail = "$c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        for head in [
            "m=65537,t=1,p=1",
            "m=4194304,t=1,p=1",
            "m=64,t=17,p=1",
            "m=128,t=1,p=9",
            "m=x,t=1,p=1",
        ] {
            let refused = verify(b"x", &format!("$argon2id$v=19${head}{tail}"));
            assert!(matches!(refused, Err(HashError::Unreadable)), "{head}");
        }
        for text in ["", "x", "$argon2i$v=19$m=64,t=1,p=1", "$argon2id$v=16$m=64,t=1,p=1"] {
            let refused = verify(b"x", &format!("{text}{tail}"));
            assert!(matches!(refused, Err(HashError::Unreadable)), "{text}");
        }
    }
}
