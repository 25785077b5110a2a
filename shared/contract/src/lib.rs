//! What travels: claims, key set, feed events, directory pages, error bodies.
//!
//! Wire types only. What a value must satisfy beyond its shape is checked where it is read: by the
//! verifier for tokens and keys, by the guard for feed and directory.

pub mod audiences;
pub mod bearer;
pub mod claims;
pub mod clock;
pub mod directory;
pub mod events;
pub mod jwks;
pub mod problem;
pub mod scope;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
