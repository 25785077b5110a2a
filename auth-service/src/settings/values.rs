//! The forms of values that only this service has.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use shared::service::settings::{duration, number, origin_url, text};
use url::Url;

use super::{CountLimit, KeyBits, LoginErrors};
use crate::store::{Location, PostgresLocation};

pub(super) const KEY_SIZES: &[(&str, KeyBits)] =
    &[("2048", KeyBits::B2048), ("3072", KeyBits::B3072), ("4096", KeyBits::B4096)];

pub(super) const LOGIN_ERRORS: &[(&str, LoginErrors)] =
    &[("distinct", LoginErrors::Distinct), ("uniform", LoginErrors::Uniform)];

const LONGEST_WINDOW: Duration = Duration::from_hours(7 * 24);

/// A database by the scheme of its URL. An unknown one is refused: taken for a file name, a typing
/// error would become a new, empty database.
pub(super) fn database(value: &str) -> Result<Location, String> {
    let Some(file) = value.strip_prefix("sqlite://") else {
        let scheme = value.split_once("://").map_or("", |(scheme, _)| scheme);
        return Err(match scheme {
            "postgres" | "postgresql" => {
                return PostgresLocation::parse(value).map(Location::Postgres);
            }
            "" => "the value has no scheme".into(),
            scheme => format!("the scheme `{}` is not known", scheme.escape_debug()),
        });
    };
    if file.is_empty() || file.ends_with('/') {
        return Err("the value names no file".into());
    }
    if file.contains(['?', '#']) {
        return Err("the value has a query or a fragment".into());
    }
    text(file).map(|file| Location::Sqlite(PathBuf::from(file)))
}

/// Whether a database URL holds a password.
pub(super) fn has_password(url: &str) -> bool {
    without_password(url) != url
}

/// A value as `check-config` shows it: a password in a URL is starred out.
pub fn shown(value: &str) -> String {
    without_password(value)
}

fn without_password(value: &str) -> String {
    let Some((scheme, rest)) = value.split_once("://") else { return value.to_owned() };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    // The last `@`: a password that was not escaped may hold one, too.
    let starred = match authority.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((user, _)) => format!("{user}:***@{host}"),
            None => authority.to_owned(),
        },
        None => authority.to_owned(),
    };
    let starred = format!("{scheme}://{starred}{path}");
    if scheme == "sqlite" { value.to_owned() } else { starred }
}

/// `10/15m`, or `off`.
pub(super) fn count_limit(value: &str) -> Result<Option<CountLimit>, String> {
    if value == "off" {
        return Ok(None);
    }
    let (count, window) = value.split_once('/').ok_or("is not COUNT/DURATION")?;
    Ok(Some(CountLimit {
        count: number(1, 1_000_000)(count)?,
        window: duration(Duration::from_secs(1), LONGEST_WINDOW)(window)?,
    }))
}

/// How long a key signs, or `off`.
pub(super) fn rotation(value: &str) -> Result<Option<Duration>, String> {
    if value == "off" {
        return Ok(None);
    }
    duration(Duration::from_secs(1), Duration::from_hours(24 * 3_650))(value).map(Some)
}

/// A network, or an address as the network of itself.
pub(super) fn network(value: &str) -> Result<IpNet, String> {
    value
        .parse::<IpNet>()
        .or_else(|_| value.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "is not an address or a network".into())
}

/// An audience: it stands in a token and in a form, so it has no blank.
pub(super) fn audience(value: &str) -> Result<String, String> {
    if value.chars().any(char::is_whitespace) {
        return Err("holds a blank".into());
    }
    text(value)
}

/// An origin as a browser sends it (RFC 6454 §6.2): scheme, host and port, nothing behind.
pub(super) fn browser_origin(value: &str) -> Result<String, String> {
    let url = origin_url(value)?;
    let parsed = Url::parse(&url).map_err(|_| "is not an address")?;
    let origin = parsed.origin().ascii_serialization();
    if origin != url {
        return Err(format!("is not an origin; a browser would send {origin}"));
    }
    Ok(origin)
}
