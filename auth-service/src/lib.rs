//! The issuer's binary: settings, commands, and the start that puts the rooms together.
//!
//! The rooms are crates. `auth-domain` decides, `auth-store` keeps, `auth-crypto` hashes and signs,
//! `auth-app` holds use cases, `auth-http` answers. `startup` alone knows all of them.

pub mod cli;
pub mod settings;
pub mod startup;
