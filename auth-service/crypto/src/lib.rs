//! Cryptography of the issuer: password hashes on a bounded pool, signing keys and their files.

pub mod hashing;
pub mod signing;
