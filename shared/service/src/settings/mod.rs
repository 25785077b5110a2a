//! Settings. Each is one field of a service's [`clap::Args`]. The id is the environment variable
//! and gives the flag, the value name is the form of a value, the doc comment is the help.
//!
//! A value comes from the flag, then the environment, then `.env`, then the default. A wrong value
//! stops the start with one line.

mod dot_env;
mod parsers;
pub mod report;
mod values;

pub use dot_env::DotEnv;
pub use parsers::{
    List, OrOff, browser_origin, file, host_name, host_port, list, name, network, or_off,
    origin_url, path, sqlite_file, text,
};
pub use signet_contract::duration::duration;
pub(super) use values::with_flags;
pub use values::{Environment, Origin, SettingError, Values};
