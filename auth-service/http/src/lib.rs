//! The issuer's public routes: from HTTP to the use cases of `auth-app` and back.
//!
//! [`edge`] reads bodies, queries and tokens, and maps errors to problems. The other rooms hold the
//! routes: `api` for people, `oauth` for tokens (with its own errors and client authentication),
//! `guards` for the feed, and `admin` for operators.

mod admin;
mod api;
mod edge;
mod guards;
mod oauth;
pub mod openapi;
mod routes;

pub use edge::{Edge, Options};
pub use guards::directory::Snapshots;
pub use routes::{metrics, routes, serve};

#[cfg(test)]
mod tests;
