//! The issuer's public routes: from HTTP to `domain` and back.
//!
//! One file for each route, named as its subject is named in `domain` and `store`. A request's
//! body is read in [`body`] alone, its query in [`query`], its token judged in [`caller`]; what
//! goes wrong below becomes an answer in [`failure`].

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
