//! The use cases of the issuer: one function each, called by routes and commands.

pub mod blocking;
pub mod listing;
