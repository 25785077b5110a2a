//! The types on the wire: claims, key set, feed events, directory pages, error bodies.
//!
//! This crate has types only. The reader of a value checks more than its shape: the verifier checks
//! tokens and keys, the guard checks the feed and the directory.

pub mod audiences;
pub mod bearer;
pub mod claims;
pub mod client_id;
pub mod clock;
pub mod directory;
pub mod events;
pub mod jwks;
pub mod problem;
pub mod scope;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
