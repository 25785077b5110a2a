//! The issuer: it owns the users, checks passwords, signs access tokens and publishes its keys.
//!
//! `cli` → `startup` → `http` → `domain`, whose ports `store` and `signing` implement. `domain`
//! names neither; `startup` alone knows all.

pub mod blocking;
pub mod cli;
pub mod http;
mod listing;
pub mod settings;
pub mod startup;
