//! The guard of the user directory: a resource server that checks every access token by itself and
//! answers from its own replica.
//!
//! `http` → `domain` ← `store` (the replica). `management` shows the guard's state to operators.
//! `startup` connects the parts for the commands in `cli`.

pub mod blocking;
pub mod cli;
pub mod domain;
pub mod http;
pub mod management;
pub mod settings;
pub mod startup;
pub mod store;
