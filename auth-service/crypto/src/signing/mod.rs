//! The private keys: read, made, kept as files, and signed with. Nothing else touches them.
//!
//! Which key signs and which are published is decided by `domain::keys` and kept by `store`; the
//! [`KeyRing`] follows.

mod generation;
mod key_ring;
mod pem_block;
mod private_key;
mod published;
mod rotator;
mod signer;
mod spares;
mod spki;
mod unfit;

pub mod key_files;

#[cfg(test)]
mod tests;

pub use generation::{KeyBits, generate};
pub use key_files::{FileError, KeyFiles};
pub use key_ring::{FollowError, KeyRing, RingError};
pub use private_key::PrivateKey;
pub use published::PublishedSet;
pub use rotator::{RotationError, Rotator};
pub use signer::{Signer, SigningError};
pub use spares::Spares;
pub use spki::public_pem;
pub use unfit::Unfit;
