//! The use cases of the issuer: one function each, called by routes and commands.

pub mod blocking;
pub mod callers;
pub mod error;
pub mod guards;
pub mod keys;
pub mod listing;
pub mod metrics;
pub mod users;

mod state;

pub use state::AppState;
