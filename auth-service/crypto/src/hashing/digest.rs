//! The digests that Python's `hashlib` finds by name, and PBKDF2 and HMAC over them.

use blake2::{Blake2b512, Blake2s256};
use hmac::digest::{self, FixedOutput, Update};
use hmac::{Hmac, KeyInit, SimpleHmac};
use md5::Md5;
use ripemd::Ripemd160;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};
use sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512};
use sm3::Sm3;

/// A digest, as functions that return [`length`](Self::length) bytes.
pub(super) struct Digest {
    /// The number of bytes of a result.
    pub(super) length: usize,
    /// Returns the digest of a salt and a password after it.
    pub(super) plain: fn(salt: &[u8], password: &[u8]) -> Vec<u8>,
    /// Returns the HMAC of the password, keyed by the salt.
    pub(super) keyed: fn(salt: &[u8], password: &[u8]) -> Vec<u8>,
    /// Returns PBKDF2 of this number of iterations.
    pub(super) stretched: fn(salt: &[u8], password: &[u8], iterations: u32) -> Vec<u8>,
}

impl Digest {
    /// Finds a digest by a name that `hashlib.new` takes, in either case.
    pub(super) fn find(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase().replace('-', "_");
        Some(match name.as_str() {
            "md5" => Self::of::<Md5, Hmac<Md5>>(),
            "sha1" | "sha_1" => Self::of::<Sha1, Hmac<Sha1>>(),
            "sha224" | "sha_224" | "sha2_224" => Self::of::<Sha224, Hmac<Sha224>>(),
            "sha256" | "sha_256" | "sha2_256" => Self::of::<Sha256, Hmac<Sha256>>(),
            "sha384" | "sha_384" | "sha2_384" => Self::of::<Sha384, Hmac<Sha384>>(),
            "sha512" | "sha_512" | "sha2_512" => Self::of::<Sha512, Hmac<Sha512>>(),
            "sha512_224" | "sha_512_224" => Self::of::<Sha512_224, Hmac<Sha512_224>>(),
            "sha512_256" | "sha_512_256" => Self::of::<Sha512_256, Hmac<Sha512_256>>(),
            "sha3_224" => Self::of::<Sha3_224, SimpleHmac<Sha3_224>>(),
            "sha3_256" => Self::of::<Sha3_256, SimpleHmac<Sha3_256>>(),
            "sha3_384" => Self::of::<Sha3_384, SimpleHmac<Sha3_384>>(),
            "sha3_512" => Self::of::<Sha3_512, SimpleHmac<Sha3_512>>(),
            "blake2b" | "blake2b512" | "blake2b_512" => {
                Self::of::<Blake2b512, SimpleHmac<Blake2b512>>()
            }
            "blake2s" | "blake2s256" | "blake2s_256" => {
                Self::of::<Blake2s256, SimpleHmac<Blake2s256>>()
            }
            "ripemd160" | "ripemd" | "rmd160" => Self::of::<Ripemd160, Hmac<Ripemd160>>(),
            "sm3" => Self::of::<Sm3, Hmac<Sm3>>(),
            _ => return None,
        })
    }

    fn of<D, M>() -> Self
    where
        D: digest::Digest,
        M: KeyInit + Update + FixedOutput + Clone + Sync,
    {
        Self {
            length: <D as digest::Digest>::output_size(),
            plain: |salt, password| {
                D::new().chain_update(salt).chain_update(password).finalize().to_vec()
            },
            keyed: |salt, password| keyed::<M>(salt, password),
            stretched: |salt, password, iterations| {
                let mut output = vec![0; <D as digest::Digest>::output_size()];
                // HMAC takes a key of any length.
                let made = pbkdf2::pbkdf2::<M>(password, salt, iterations, &mut output);
                if made.is_ok() { output } else { Vec::new() }
            },
        }
    }
}

/// Returns an HMAC, or nothing, which equals no stored hash: HMAC takes a key of any length.
fn keyed<M: KeyInit + Update + FixedOutput>(key: &[u8], message: &[u8]) -> Vec<u8> {
    M::new_from_slice(key)
        .map(|mac| mac.chain(message).finalize_fixed().to_vec())
        .unwrap_or_default()
}
