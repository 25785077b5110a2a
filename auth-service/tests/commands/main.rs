//! The commands, as an operator types them.
#![expect(clippy::expect_used, reason = "a test says what it expects")]

mod clients;
mod completions;
mod configuration;
mod first_start;
mod folder;
mod keys;
mod serving;
mod sessions;
mod terminal;
mod users;
mod users_import;
