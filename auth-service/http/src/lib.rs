//! The issuer's public routes: from HTTP to `domain` and back.
//!
//! Each route has a file with the same name as its subject in `domain` and `store`. Only [`body`]
//! reads request bodies, [`query`] reads queries, and [`caller`] checks tokens. [`failure`] maps
//! errors of the lower layers to answers.

mod address;
mod admitted;
mod answer;
mod audit;
mod body;
mod caller;
mod clients;
mod cors;
mod directory;
mod even_time;
mod failure;
mod feed;
mod guards;
mod issuer;
mod jwks;
mod keys;
mod login;
mod logout;
mod metadata;
mod metrics;
mod oauth;
pub mod openapi;
mod password;
mod query;
mod refusals;
mod routes;
mod sessions;
mod signup;
mod users;

pub use directory::Snapshots;
pub use guards::Guards;
pub use issuer::{Issuer, Options};
pub use metrics::Metrics;
pub use routes::{routes, serve};

#[cfg(test)]
mod tests;
