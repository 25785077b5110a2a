//! The private keys: reading, making, keeping as files, and signing. No other module touches them.
//!
//! `domain::keys` decides which key signs and which are published. `store` keeps the decision, and
//! the [`KeyRing`] follows it.

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
