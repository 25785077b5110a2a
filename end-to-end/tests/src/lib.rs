//! The services from outside: every test starts real processes and uses no internals.
//!
//! Each module covers one subject of the contract. A test that shows refusals also shows that a
//! good request passes; otherwise a service that refuses everything would pass the test.

#![cfg(test)]

mod audit;
mod bench;
mod bodies;
mod clients;
mod database_faults;
mod deployment;
mod docs_page;
mod ends_everywhere;
mod feed;
mod file_access;
mod floods;
mod forward_auth;
mod hashing_load;
mod http_hygiene;
mod judged_tokens;
mod key_rotation;
mod key_set_faults;
mod kills;
mod log_failures;
mod log_lines;
mod login;
mod logout_drill;
mod management;
mod many_revocations;
mod metrics;
mod mismatches;
mod newcomer;
mod observability;
mod operators;
mod outage;
mod postgres;
mod removed_roles;
mod rotation_drill;
mod run_script;
mod secrets;
mod settings;
mod shutdown;
mod slow_readers;
mod third_service;
mod tutorial_import;
mod verify;
