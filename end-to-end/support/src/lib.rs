//! The parts of the end-to-end tests: actors that start the real processes on free ports, in
//! temporary folders, and observe them from outside.
//!
//! A test talks to the services as a client, an operator or another service does: over HTTP, by
//! command, through files and signals. Nothing here links the services. The tests state the
//! contract again, independently of the services' code.
//!
//! The programs come from the target directory, so `scripts/test` builds them first.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::return_self_not_must_use,
    reason = "this crate is test code: what goes wrong here fails the test that called it"
)]

pub mod authority;
pub mod binaries;
pub mod browser;
pub mod client;
pub mod connection;
pub mod deploy;
pub mod flood;
pub mod forge;
pub mod forward;
pub mod front;
pub mod hearing;
pub mod help;
pub mod http;
pub mod metrics;
pub mod orders;
pub mod outside;
pub mod pair;
pub mod pgbouncer;
pub mod plans;
pub mod poll;
pub mod port;
pub mod postgres;
pub mod process;
pub mod prometheus;
pub mod proxy;
pub mod revocations;
pub mod service;
pub mod signing_keys;
pub mod sqlite;
pub mod stderr;
pub mod token;
pub mod user;
