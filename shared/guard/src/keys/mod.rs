//! The key cache: every key that may verify a token, and what happens when a token names another.
//!
//! A known `kid` costs a load and a look-up: no lock, no wait. One task, the [`owner`], fetches;
//! requests never do. What an attacker can cause with made-up `kid`s is bounded twice: by the
//! [`budget`] of fetches and by the number of requests that may wait for one.

mod budget;
mod cache;
mod fetch;
#[cfg(test)]
mod fetch_tests;
mod negative;
mod owner;
#[cfg(test)]
mod tests;

pub(super) use cache::{KeyCache, NotFound};
pub(super) use fetch::HttpSource;
pub(super) use owner::Owner;
