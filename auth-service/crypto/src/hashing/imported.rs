//! A hash that another system wrote. Accounts keep it until the next log-in.
//!
//! The cost of such a hash is limited before any work, because its parameters come from a foreign
//! file.

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::cost;
use super::digest::Digest;
use super::hash_fault::HashFault;

/// Bytes of a hash by scrypt.
const SCRYPT_BYTES: usize = 64;

/// A parsed hash.
pub(super) enum Imported {
    /// A salt and the expected result of a method.
    Salted {
        /// The method.
        method: Method,
        /// The salt as it is hashed.
        salt: Vec<u8>,
        /// The result for the right password.
        expected: Vec<u8>,
    },
    /// A hash by bcrypt.
    Bcrypt {
        /// The hash in its usual form (`$2b$…`).
        text: String,
        /// True if bcrypt hashes the SHA-256 of the password, as hexadecimal text.
        digested: bool,
    },
}

/// A method with its parameters.
pub(super) enum Method {
    /// scrypt (RFC 7914).
    Scrypt(scrypt::Params),
    /// PBKDF2 (RFC 8018) with HMAC over a digest, and the number of iterations.
    Pbkdf2(Digest, u32),
    /// One digest of salt and password, or one HMAC keyed by the salt.
    Digest(Digest),
}

impl Imported {
    /// Combines the parts of a hash. Returns an error if `expected` has a wrong length.
    pub(super) fn of(
        method: Method,
        salt: &str,
        expected: Option<Vec<u8>>,
    ) -> Result<Self, HashFault> {
        let (length, salted) = match &method {
            Method::Scrypt(_) => (SCRYPT_BYTES, true),
            Method::Pbkdf2(digest, _) => (digest.length, true),
            Method::Digest(digest) => (digest.length, false),
        };
        let expected = expected.filter(|bytes| bytes.len() == length);
        let expected = expected.ok_or(HashFault::Damaged)?;
        if salted && salt.is_empty() {
            return Err(HashFault::Damaged);
        }
        Ok(Self::Salted { method, salt: salt.as_bytes().to_vec(), expected })
    }

    /// Returns true if `password` matches this hash. Compares in constant time.
    pub(super) fn is_of(&self, password: &[u8]) -> bool {
        match self {
            Self::Salted { method, salt, expected } => method.makes(salt, password, expected),
            Self::Bcrypt { text, digested: false } => {
                bcrypt::verify(password, text).unwrap_or(false)
            }
            Self::Bcrypt { text, digested: true } => {
                let digest = Sha256::digest(password);
                let halves = digest.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
                let digits = halves.filter_map(|half| char::from_digit(half.into(), 16));
                let digits = Zeroizing::new(digits.collect::<String>());
                bcrypt::verify(digits.as_bytes(), text).unwrap_or(false)
            }
        }
    }
}

impl Method {
    /// Returns scrypt with these parameters, in decimal digits.
    pub(super) fn scrypt(n: &str, r: &str, p: &str) -> Result<Self, HashFault> {
        let (n, r, p) = (number(n)?, number(r)?, number(p)?);
        if !n.is_power_of_two() || n < 2 || r == 0 || p == 0 {
            return Err(HashFault::Damaged);
        }
        if !cost::scrypt_within_limits(n, r, p) {
            return Err(HashFault::TooCostly);
        }
        let (Ok(log_n), Ok(r), Ok(p)) =
            (u8::try_from(n.ilog2()), u32::try_from(r), u32::try_from(p))
        else {
            return Err(HashFault::TooCostly);
        };
        scrypt::Params::new(log_n, r, p).map(Self::Scrypt).map_err(|_| HashFault::Damaged)
    }

    /// Returns PBKDF2 with a digest and this number of iterations, in decimal digits.
    pub(super) fn pbkdf2(digest: &str, iterations: &str) -> Result<Self, HashFault> {
        let digest = Digest::find(digest).ok_or(HashFault::Unknown)?;
        let iterations = number(iterations)?;
        if iterations > cost::MOST_ITERATIONS {
            return Err(HashFault::TooCostly);
        }
        let iterations = u32::try_from(iterations).map_err(|_| HashFault::TooCostly)?;
        if iterations == 0 { Err(HashFault::Damaged) } else { Ok(Self::Pbkdf2(digest, iterations)) }
    }

    fn makes(&self, salt: &[u8], password: &[u8], expected: &[u8]) -> bool {
        let equals = |made: Vec<u8>| bool::from(Zeroizing::new(made).ct_eq(expected));
        match self {
            Self::Scrypt(params) => {
                let mut output = vec![0; SCRYPT_BYTES];
                let made = scrypt::scrypt(password, salt, params, &mut output).is_ok();
                equals(output) && made
            }
            Self::Pbkdf2(digest, iterations) => {
                equals((digest.stretched)(salt, password, *iterations))
            }
            // Werkzeug uses HMAC if there is a salt; Django puts the salt before the password. Both
            // write the same text.
            Self::Digest(digest) => {
                let plain = equals((digest.plain)(salt, password));
                let keyed = !salt.is_empty() && equals((digest.keyed)(salt, password));
                plain || keyed
            }
        }
    }
}

/// Parses digits alone: no system writes a sign or a blank.
fn number(text: &str) -> Result<u64, HashFault> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(HashFault::Damaged);
    }
    text.parse().map_err(|_| HashFault::TooCostly)
}
