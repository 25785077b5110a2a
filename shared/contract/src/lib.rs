//! The types on the wire: claims, key set, feed events, directory pages, error bodies.
//!
//! The reader of a value checks more than its shape: the verifier checks
//! tokens and keys, the guard checks the feed and the directory. Beside the types are small parts that
//! services and guards share, such as the [`clock`] and the spelling of a [`duration`].

pub mod audiences;
pub mod bearer;
pub mod claims;
pub mod client_id;
pub mod clock;
pub mod directory;
pub mod duration;
pub mod events;
pub mod jwks;
pub mod problem;
pub mod scope;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
