//! Password hashes as werkzeug writes them (`METHOD$SALT$HEX`). Accounts from a Flask service keep
//! them until the next log-in.
//!
//! The salt is hashed as text, not decoded. The cost of such a hash is limited before any work,
//! because its parameters come from a foreign file.

use std::num::NonZero;

use aws_lc_rs::pbkdf2;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use super::hash_fault::HashFault;

/// The most memory that scrypt may take, in bytes: the same as a stored argon2id hash.
const MOST_MEMORY: u64 = 64 * 1024 * 1024;

/// The most times that scrypt may repeat its work, without using more memory.
const MOST_LANES: u64 = 16;

/// The widest block of scrypt. Werkzeug's is 8; a wide one would take memory beside that counted.
const WIDEST_BLOCK: u64 = 32;

/// The most iterations of PBKDF2. Werkzeug's default has risen to a million.
const MOST_ITERATIONS: u64 = 2_000_000;

/// Bytes of a hash by scrypt.
const SCRYPT_BYTES: usize = 64;

/// A parsed hash.
pub(super) struct Stored<'h> {
    method: Method,
    salt: &'h str,
    digest: Vec<u8>,
}

enum Method {
    Scrypt(scrypt::Params),
    Pbkdf2(pbkdf2::Algorithm, NonZero<u32>),
}

impl<'h> Stored<'h> {
    pub(super) fn read(text: &'h str) -> Result<Self, HashFault> {
        let mut parts = text.splitn(3, '$');
        let (Some(method), Some(salt), Some(hex)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(HashFault::Unknown);
        };
        let (method, length) = read_method(method)?;
        let digest = from_hex(hex).ok_or(HashFault::Damaged)?;
        if salt.is_empty() || digest.len() != length {
            return Err(HashFault::Damaged);
        }
        Ok(Self { method, salt, digest })
    }

    /// Returns true if `password` matches this hash. Compares in constant time.
    pub(super) fn is_of(&self, password: &[u8]) -> bool {
        let salt = self.salt.as_bytes();
        match &self.method {
            Method::Scrypt(params) => {
                let mut output = [0; SCRYPT_BYTES];
                let made = scrypt::scrypt(password, salt, params, &mut output).is_ok();
                let same = bool::from(output.ct_eq(self.digest.as_slice()));
                output.zeroize();
                made && same
            }
            Method::Pbkdf2(algorithm, iterations) => {
                pbkdf2::verify(*algorithm, *iterations, salt, password, &self.digest).is_ok()
            }
        }
    }
}

/// Returns the method, and the number of bytes of its hashes.
fn read_method(text: &str) -> Result<(Method, usize), HashFault> {
    let parts: Vec<&str> = text.split(':').collect();
    match *parts.as_slice() {
        ["scrypt", n, r, p] => Ok((scrypt_method(n, r, p)?, SCRYPT_BYTES)),
        ["pbkdf2", "sha1", times] => pbkdf2_method(pbkdf2::PBKDF2_HMAC_SHA1, times, 20),
        ["pbkdf2", "sha256", times] => pbkdf2_method(pbkdf2::PBKDF2_HMAC_SHA256, times, 32),
        ["pbkdf2", "sha512", times] => pbkdf2_method(pbkdf2::PBKDF2_HMAC_SHA512, times, 64),
        _ => Err(HashFault::Unknown),
    }
}

fn scrypt_method(n: &str, r: &str, p: &str) -> Result<Method, HashFault> {
    let (n, r, p) = (number(n)?, number(r)?, number(p)?);
    if !n.is_power_of_two() || n < 2 || r == 0 || p == 0 {
        return Err(HashFault::Damaged);
    }
    let memory = 128_u64.saturating_mul(n).saturating_mul(r);
    if memory > MOST_MEMORY || r > WIDEST_BLOCK || p > MOST_LANES {
        return Err(HashFault::TooCostly);
    }
    let (Ok(log_n), Ok(r), Ok(p)) = (u8::try_from(n.ilog2()), u32::try_from(r), u32::try_from(p))
    else {
        return Err(HashFault::TooCostly);
    };
    scrypt::Params::new(log_n, r, p).map(Method::Scrypt).map_err(|_| HashFault::Damaged)
}

fn pbkdf2_method(
    algorithm: pbkdf2::Algorithm,
    times: &str,
    length: usize,
) -> Result<(Method, usize), HashFault> {
    let times = number(times)?;
    if times > MOST_ITERATIONS {
        return Err(HashFault::TooCostly);
    }
    let times = u32::try_from(times).ok().and_then(NonZero::new).ok_or(HashFault::Damaged)?;
    Ok((Method::Pbkdf2(algorithm, times), length))
}

/// Parses digits alone: werkzeug never writes a sign or a blank.
fn number(text: &str) -> Result<u64, HashFault> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(HashFault::Damaged);
    }
    text.parse().map_err(|_| HashFault::TooCostly)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written by werkzeug 3.1 for `correct horse`.
    const KNOWN: [&str; 4] = [
        "scrypt:32768:8:1$qTX3dVGtYM6WkEKG$df6baeb3e86d99448a758c27bfdadd5d81925fb2eb19f7d530cd97be0c89a745704ef26667d607eec3d3c4240c735b91d957e7a845d369ba00306f687c3d2818",
        "pbkdf2:sha256:150000$Q07WsclfWvhAX14l$ae32b41c2b6caaac732088748a811f3fe18f4bf1713b3bea8239c4dac90a8d2f",
        "pbkdf2:sha1:1000$3nr0JdqNnzKDCPVw$f61680e11ff5243f9d2c1c0b4e8655d8e56aee20",
        "pbkdf2:sha512:1000$QxiSlNNUj80q0LKI$6b95bf86ab9fd810142ec920f396f409ed061b80e5c535c99a2d3648214efa394aea3a839bb590a762f03968291abd543e76cf2188292af96ef237385552ad07",
    ];

    fn unfit(text: &str) -> HashFault {
        Stored::read(text).err().unwrap_or_else(|| panic!("{text} is taken"))
    }

    #[test]
    fn werkzeug_hash_verifies() {
        for text in KNOWN {
            let stored = Stored::read(text).unwrap();
            assert!(stored.is_of(b"correct horse"), "{text}");
            assert!(!stored.is_of(b"correct horsE") && !stored.is_of(b""), "{text}");
        }
    }

    #[test]
    fn changed_salt_or_digest_does_not_verify() {
        for text in KNOWN {
            let (method, rest) = text.split_once('$').unwrap();
            let (salt, hex) = rest.split_once('$').unwrap();
            let turned = if hex.ends_with('0') { "1" } else { "0" };
            for changed in [
                format!("{method}${salt}x${hex}"),
                format!("{method}${salt}${}{turned}", &hex[..hex.len() - 1]),
            ] {
                assert!(!Stored::read(&changed).unwrap().is_of(b"correct horse"), "{changed}");
            }
        }
    }

    #[test]
    fn a_hash_that_costs_too_much_is_refused_before_any_work() {
        let (long, half) = ("ab".repeat(64), "ab".repeat(32));
        for method in ["65536:8:1", "32768:16:16", "2:1:1", "16384:32:1"] {
            assert!(Stored::read(&format!("scrypt:{method}$salt${long}")).is_ok(), "{method}");
        }
        for method in [
            "131072:8:1",
            "65536:9:1",
            "32768:8:17",
            "2:33:1",
            "18446744073709551616:8:1",
            "9223372036854775808:8:1",
            "2:4294967296:1",
        ] {
            let text = format!("scrypt:{method}$salt${long}");
            assert_eq!(unfit(&text), HashFault::TooCostly, "{method}");
        }
        assert!(Stored::read(&format!("pbkdf2:sha256:2000000$salt${half}")).is_ok());
        for times in ["2000001", "99999999999999999999999"] {
            let text = format!("pbkdf2:sha256:{times}$salt${half}");
            assert_eq!(unfit(&text), HashFault::TooCostly);
        }
    }

    #[test]
    fn malformed_werkzeug_hash_is_refused() {
        let (long, half) = ("ab".repeat(64), "ab".repeat(32));
        for text in [
            "",
            "plain",
            "$",
            "$$",
            "pbkdf2:sha256",
            "sha256$salt$abcd",
            "md5$salt$abcd",
            "pbkdf2:md5:1000$salt$abcd",
            "pbkdf2:sha256$salt$abcd",
            "scrypt$salt$abcd",
            "scrypt:32768:8$salt$abcd",
            "bcrypt:12$salt$abcd",
        ] {
            assert_eq!(unfit(text), HashFault::Unknown, "{text}");
        }
        for text in [
            format!("scrypt:32767:8:1$salt${long}"),
            format!("scrypt:0:8:1$salt${long}"),
            format!("scrypt:1:8:1$salt${long}"),
            format!("scrypt:+32768:8:1$salt${long}"),
            format!("scrypt:32768:0:1$salt${long}"),
            format!("scrypt:32768:8:1$$ {long}"),
            format!("scrypt:32768:8:1$salt${half}"),
            format!("scrypt:32768:8:1$salt${long}0"),
            format!("pbkdf2:sha256:0$salt${half}"),
            format!("pbkdf2:sha256:-1$salt${half}"),
            format!("pbkdf2:sha256:1000$${half}"),
            format!("pbkdf2:sha256:1000$salt${}zz", &half[2..]),
            format!("pbkdf2:sha256:1000$salt$sa${half}"),
            format!("pbkdf2:sha1:1000$salt${half}"),
        ] {
            assert_eq!(unfit(&text), HashFault::Damaged, "{text}");
        }
    }
}
