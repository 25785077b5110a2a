//! Parsers of values that only this service has.

use std::net::IpAddr;
use std::time::Duration;

use auth_crypto::signing::KeyBits;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use ipnet::IpNet;
use signet_service::settings::{duration, origin_url, sqlite_file};
use url::Url;

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

/// Parses a network. A single address is a network of its own.
pub(super) fn network(value: &str) -> Result<IpNet, String> {
    value
        .parse::<IpNet>()
        .or_else(|_| value.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "is not an address or a network".into())
}

/// Parses an origin as a browser sends it (RFC 6454 §6.2): scheme, host and port only.
pub(super) fn browser_origin(value: &str) -> Result<String, String> {
    let url = origin_url(value)?;
    let parsed = Url::parse(&url).map_err(|_| "is not an address")?;
    let origin = parsed.origin().ascii_serialization();
    if origin != url {
        return Err(format!("is not an origin; a browser would send {origin}"));
    }
    Ok(origin)
}

/// Returns the parser of a key size.
pub(crate) fn key_bits() -> impl TypedValueParser<Value = KeyBits> {
    PossibleValuesParser::new(["2048", "3072", "4096"]).map(|bits| match &*bits {
        "2048" => KeyBits::B2048,
        "3072" => KeyBits::B3072,
        _ => KeyBits::B4096,
    })
}
