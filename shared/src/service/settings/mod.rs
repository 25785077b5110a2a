//! Settings: one definition each, from which the flag, the environment variable, `--help` and
//! `.env.example` all come.
//!
//! A value is looked for as flag, then environment variable, then `.env`, then default. What a
//! value means is said by a parser; a wrong one stops the start with one line.

mod definition;
mod parsers;
pub mod report;
mod sources;

pub use definition::Setting;
pub use parsers::{duration, host_port, list, number, one_of, origin_url, path, text};
pub use sources::{DotEnv, Environment, Origin, ProcessEnvironment, SettingError, Values};
