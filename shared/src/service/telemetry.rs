//! The log: one readable line per event on standard error, times in UTC.
//!
//! What comes from outside goes into fields (`field = %value`) and is escaped by the formatter;
//! secrets never go into any.

use std::io::IsTerminal;

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::time::UtcTime;

/// What is logged unless told otherwise. The server underneath tells of its threads at `info`.
const DEFAULT: &str = "info,actix_server=warn";

/// RFC 3339 with milliseconds: finer than anything a person compares by eye.
const TIMES: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// Starts the log of this process. `filter` is in the form of `RUST_LOG`.
pub fn start(filter: Option<&str>) {
    let filter = filter.and_then(|text| text.parse::<EnvFilter>().ok());
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter.unwrap_or_else(|| EnvFilter::new(DEFAULT)))
        .with_timer(UtcTime::new(TIMES))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .try_init();
    // A second start in one process (a test) keeps the first log.
    drop(started);
}
