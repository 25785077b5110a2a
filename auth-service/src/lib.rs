//! The issuer's binary: settings, commands, and the startup that connects the crates.
//!
//! `auth-domain` decides, `auth-store` stores, `auth-crypto` hashes and signs, `auth-app` holds use
//! cases, `auth-http` answers requests. Only `startup` knows all of them.

pub mod cli;
pub mod settings;
pub mod startup;
