//! Files that operators and other programs write, and files that must stay whole and private.
//!
//! Issuer and guards share this crate, so that a file is read and written in the same way by each.

#[cfg(unix)]
pub mod access;
pub mod durable_file;
#[cfg(unix)]
pub mod file_identity;
pub mod file_lock;
pub mod links;
pub mod private;
pub mod secret;
pub mod text;
