//! The use cases of the issuer: one function each, called by routes and commands.

pub mod accounts;
pub mod audit;
pub mod blocking;
pub mod callers;
pub mod clients;
pub mod directory;
pub mod error;
pub mod feed;
pub mod first_start;
pub mod guards;
pub mod jobs;
pub mod keys;
pub mod metrics;
pub mod oauth;
pub mod sessions;
pub mod users;

mod state;

pub use state::{AppConfig, AppState};
