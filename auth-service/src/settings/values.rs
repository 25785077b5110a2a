//! Parsers of values that only this service has.

use std::time::Duration;

use auth_crypto::signing::KeyBits;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use signet_service::settings::{duration, sqlite_file};

use super::{CountLimit, SECOND};
use auth_store::{Location, PostgresLocation};

const LONGEST_WINDOW: Duration = Duration::from_hours(7 * 24);

/// Parses a database URL by its scheme.
pub(super) fn database(value: &str) -> Result<Location, String> {
    match value.split_once("://") {
        Some(("sqlite", _)) => sqlite_file(value).map(Location::Sqlite),
        Some(("postgres" | "postgresql", _)) => {
            PostgresLocation::parse(value).map(Location::Postgres)
        }
        _ => Err("has no scheme that is known".into()),
    }
}

/// Parses a count and a window, such as `10/15m`.
pub(super) fn count_limit(value: &str) -> Result<CountLimit, String> {
    let (count, window) = value.split_once('/').ok_or("is not COUNT/DURATION")?;
    let count = count.parse().ok().filter(|count| (1..=1_000_000).contains(count));
    Ok(CountLimit {
        count: count.ok_or("has a count that is not from 1 to 1000000")?,
        window: duration(SECOND, LONGEST_WINDOW)(window)?,
    })
}

/// Returns the parser of a key size.
pub(crate) fn key_bits() -> impl TypedValueParser<Value = KeyBits> {
    PossibleValuesParser::new(["2048", "3072", "4096"]).map(|bits| match &*bits {
        "2048" => KeyBits::B2048,
        "3072" => KeyBits::B3072,
        _ => KeyBits::B4096,
    })
}
