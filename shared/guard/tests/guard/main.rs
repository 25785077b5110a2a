//! Tests of the guard's public interface, over real connections to a test issuer: it changes users
//! and keys, stops, sends invalid answers, and starts again.
#![expect(clippy::expect_used, clippy::panic, reason = "a helper that fails shall end its test")]

mod directory;
mod forward_auth;
mod grpc;
mod http;
mod issuer;
mod issuers;
mod keys;
mod memory_store;
mod mismatches;
mod outages;
mod revocations;
mod settings;
mod setup;
mod snapshots;
mod testing;
mod tokens;
mod tower;
