//! Parsers of values. The error continues the sentence "the value …".

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

/// A function that clap accepts as a parser of values.
pub trait Parser<T>: Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static {}

impl<T, F: Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static> Parser<T> for F {}

/// Parses any text without control characters.
pub fn text(value: &str) -> Result<String, String> {
    if value.chars().any(char::is_control) {
        return Err("holds a control character".into());
    }
    Ok(value.to_owned())
}

/// Parses a path.
pub fn path(value: &str) -> Result<PathBuf, String> {
    text(value).map(PathBuf::from)
}

/// Parses a name for tokens and forms: without whitespace.
pub fn name(value: &str) -> Result<String, String> {
    if value.chars().any(char::is_whitespace) {
        return Err("holds a blank".into());
    }
    text(value)
}

/// Parses a socket address. `localhost` means 127.0.0.1.
pub fn host_port(value: &str) -> Result<SocketAddr, String> {
    let numeric = match value.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => value.to_owned(),
    };
    numeric.parse().map_err(|_| "is not an address and a port".into())
}

/// Returns a parser of durations such as `15s`, `5m`, `2h` or `90d`, from `least` to `most`.
pub fn duration(least: Duration, most: Duration) -> impl Parser<Duration> {
    move |value: &str| {
        let parsed = parse_duration(value).ok_or("is not a duration")?;
        if parsed < least || parsed > most {
            return Err(format!(
                "is not from {} to {} seconds long",
                least.as_secs(),
                most.as_secs()
            ));
        }
        Ok(parsed)
    }
}

fn parse_duration(value: &str) -> Option<Duration> {
    let (digits, seconds) = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)]
        .iter()
        .find_map(|(unit, seconds)| Some((value.strip_suffix(unit)?, *seconds)))?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse::<u64>().ok()?.checked_mul(seconds).map(Duration::from_secs)
}

/// A value, or none for `off`. It is not named `Option`, which clap reads as an optional argument.
pub type OrOff<T> = Option<T>;

/// Returns a parser of a value or `off`.
pub fn or_off<T>(parse: impl Parser<T>) -> impl Parser<OrOff<T>> {
    move |value: &str| if value == "off" { Ok(None) } else { parse(value).map(Some) }
}

/// Several values in one argument. It is not named `Vec`, which clap reads as a repeated argument.
pub type List<T> = Vec<T>;

/// Returns a parser of values separated by commas. An empty or repeated value is an error.
pub fn list<T: PartialEq>(parse: impl Parser<T>) -> impl Parser<List<T>> {
    move |value: &str| {
        let mut parsed = Vec::new();
        for one in value.split(',').map(str::trim) {
            if one.is_empty() {
                return Err("has an empty entry".into());
            }
            let one = parse(one)?;
            if parsed.contains(&one) {
                return Err("names an entry twice".into());
            }
            parsed.push(one);
        }
        Ok(parsed)
    }
}

/// Parses an `http` or `https` address without query, fragment or credentials, as RFC 8414 §2
/// requires of an issuer. The text is kept exactly: the `iss` of a token is compared byte for byte.
pub fn origin_url(value: &str) -> Result<String, String> {
    let authority = value.split('/').nth(2).unwrap_or_default();
    // `Url` ignores blanks, reads `\` as `/`, and ignores a third slash.
    let strict = (value.starts_with("https://") || value.starts_with("http://"))
        && !value.contains(|c: char| c.is_control() || c.is_whitespace() || r"\?#".contains(c))
        && !authority.is_empty()
        && !authority.contains('@');
    if strict && Url::parse(value).is_ok() {
        return Ok(value.to_owned());
    }
    Err("is not an http or https address without credentials, query and fragment".into())
}

/// Parses the file of a SQLite database. A URL without a scheme is refused: as a file name, a
/// typing error would create a new, empty database.
pub fn sqlite_file(value: &str) -> Result<PathBuf, String> {
    match value.strip_prefix("sqlite://") {
        None => Err("is not a sqlite:// address".into()),
        Some(file) if file.is_empty() || file.ends_with('/') => Err("names no file".into()),
        Some(file) if file.contains(['?', '#']) => Err("has a query or a fragment".into()),
        Some(file) => path(file),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_a_whole_number_and_one_unit() {
        let parse = duration(Duration::ZERO, Duration::from_secs(u64::MAX));
        for (value, seconds) in [("15s", 15), ("5m", 300), ("2h", 7_200), ("90d", 7_776_000)] {
            assert_eq!(parse(value), Ok(Duration::from_secs(seconds)), "{value}");
        }
        for value in
            ["", "5", "m", "1.5h", "-1s", "+1s", "5 m", "5M", "1h30m", "99999999999999999d"]
        {
            assert!(parse(value).is_err(), "{value}");
        }
    }

    #[test]
    fn a_duration_out_of_bounds_is_refused() {
        let parse = duration(Duration::from_secs(5), Duration::from_mins(1));
        assert!(parse("4s").is_err() && parse("61s").is_err());
        assert!(parse("5s").is_ok() && parse("1m").is_ok());
    }

    #[test]
    fn issuer_is_an_http_address_without_query_or_fragment() {
        for good in ["http://localhost:8001", "https://login.example.org/a"] {
            assert_eq!(origin_url(good).as_deref(), Ok(good));
        }
        for bad in [
            "localhost:8001",
            "ftp://x",
            "https://",
            "https:///x",
            "https://u:p@x",
            "http://x?y",
            "http://x#y",
            "http://:8001",
            "http://localhost:port",
            "http://localhost:99999",
            "http://[::1",
            "http://x%zz",
            "http://x\\y",
        ] {
            assert!(origin_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_list_has_no_empty_and_no_repeated_entry() {
        let parse = list(text);
        assert_eq!(parse("a, b"), Ok(vec!["a".into(), "b".into()]));
        for bad in ["a,,b", "a,b,", "a,a"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
