//! The key cache: every key that may verify a token, and the search for a key that is not held.
//!
//! A known `kid` costs a load and a look-up: no lock, no wait. One task, the [`owner`], fetches;
//! requests never do. Two limits bound the effect of made-up `kid`s: the [`budget`] of fetches, and
//! the number of requests that may wait for one.

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
