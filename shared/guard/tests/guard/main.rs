//! The guard as its users see it, over real connections to an issuer that does what a test says:
//! it changes users and keys, goes away, lies, and comes back.
#![expect(clippy::expect_used, clippy::panic, reason = "a helper that fails shall end its test")]

mod directory;
mod http;
mod issuer;
mod keys;
mod memory_store;
mod mismatches;
mod outages;
mod revocations;
mod setup;
mod tokens;
