//! The feed brings the issuer's changes to the guard.
//!
//! The [`machine`] holds the rules, and the [`reader`] does the network calls. Each accepted answer
//! is written to the store in one step with the new position. So a guard that stops at any point
//! and starts again misses no change and applies none twice.

mod machine;
#[cfg(test)]
mod machine_model;
#[cfg(test)]
mod machine_tests;
mod progress;
mod reader;
mod view;
mod wire;
mod writer;

pub(super) use reader::Reader;
pub(super) use view::FeedView;
pub(super) use writer::Writer;
#[cfg(feature = "testing")]
pub(super) use writer::{take_in, write_events};
