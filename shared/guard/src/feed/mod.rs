//! The feed: how changes at the issuer reach the guard.
//!
//! The [`machine`] decides and knows no network, the [`reader`] drives it and knows no rule. What
//! the machine accepts is written to the store in one step with the new position, so that a guard
//! which stops anywhere and starts again misses nothing and does nothing twice.

mod machine;
#[cfg(test)]
mod machine_model;
#[cfg(test)]
mod machine_tests;
mod reader;
mod view;
mod wire;
mod writer;

pub(super) use reader::Reader;
pub(super) use view::FeedView;
pub(super) use writer::Writer;
