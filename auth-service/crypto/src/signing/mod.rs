//! The private keys: reading, making, keeping as files, and signing. No other module touches them.
//!
//! `domain::keys` decides which key signs and which are published. The store keeps the decision, and
//! `app::keys` makes the [`KeyRing`] follow it.

mod generation;
mod key_fault;
mod key_ring;
mod pem_block;
mod private_key;
mod published;
mod signer;

pub mod key_files;

#[cfg(test)]
mod tests;

pub use generation::{KeyBits, generate};
pub use key_fault::KeyFault;
pub use key_files::{FileError, FolderLock, KeyFiles};
pub use key_ring::{KeyRing, RingChange, RingError};
pub use private_key::{PrivateKey, public_pem};
pub use published::PublishedSet;
pub use signer::{Signer, SigningError};
