//! Parsers of values. The error continues the sentence "the value …".

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use ipnet::{IpNet, Ipv4Net};
use url::{Host, Url};

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

/// Parses the path of a file.
pub fn file(value: &str) -> Result<PathBuf, String> {
    if value.ends_with('/') {
        return Err("names a folder, not a file".into());
    }
    path(value)
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

/// Parses a host name or an address, without scheme and port. Case is ignored.
pub fn host_name(value: &str) -> Result<String, String> {
    let host =
        Host::parse(value).map_err(|_| "is not a host name or an address, without a port")?;
    one_host(host.to_string())
}

/// Checks a host that `url` has parsed: it allows wildcards and characters that separate hosts.
fn one_host(host: String) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    if !host.chars().all(allowed) {
        return Err("has a host that is no name or address: write it without a wildcard".into());
    }
    Ok(host)
}

/// Parses a network. A single address is a network of its own. Peers are compared in their canonical
/// form, so an IPv4-mapped network is the IPv4 network.
pub fn network(value: &str) -> Result<IpNet, String> {
    let single = || value.parse::<IpAddr>().map(IpNet::from);
    let network: IpNet =
        value.parse().or_else(|_| single()).map_err(|_| "is not an address or a network")?;
    let mapped = match network {
        IpNet::V6(network) => network.addr().to_ipv4_mapped(),
        IpNet::V4(_) => None,
    };
    let network = match mapped {
        None => network,
        Some(address) => network
            .prefix_len()
            .checked_sub(96)
            .and_then(|prefix| Ipv4Net::new(address, prefix).ok())
            .ok_or("has a prefix below /96: write the IPv4 network, such as 10.0.0.0/8")?
            .into(),
    };
    let single = network.prefix_len() == network.max_prefix_len();
    if network.network().is_multicast() || single && network.addr().is_unspecified() {
        return Err("is an address from which no request can come".into());
    }
    Ok(network)
}

/// Parses an origin as a browser sends it (RFC 6454 §6.2): scheme, host and port only.
pub fn browser_origin(value: &str) -> Result<String, String> {
    let url = origin_url(value)?;
    let parsed = Url::parse(&url).map_err(|_| "is not an address")?;
    if parsed.host_str().is_some_and(|host| host.ends_with('.')) {
        return Err("has a host that ends in a dot: write it without the dot".into());
    }
    let origin = parsed.origin().ascii_serialization();
    if origin != url {
        return Err(format!("is not an origin as a browser sends it: write {origin}"));
    }
    Ok(origin)
}

/// Parses an `http` or `https` address of one host, without query, fragment or credentials, as
/// RFC 8414 §2 requires of an issuer. The text is kept exactly: the `iss` of a token is compared byte
/// for byte.
pub fn origin_url(value: &str) -> Result<String, String> {
    let authority = value.split('/').nth(2).unwrap_or_default();
    // `Url` ignores blanks, reads `\` as `/`, and ignores a third slash.
    let strict = (value.starts_with("https://") || value.starts_with("http://"))
        && !value.contains(|c: char| c.is_control() || c.is_whitespace() || r"\?#".contains(c))
        && !authority.is_empty()
        && !authority.contains('@');
    let url = Url::parse(value).ok().filter(|_| strict);
    let url =
        url.ok_or("is not an http or https address without credentials, query and fragment")?;
    one_host(url.host_str().unwrap_or_default().to_owned())?;
    if url.port() == Some(0) {
        return Err("has port 0, on which no server listens".into());
    }
    Ok(value.to_owned())
}

/// Parses the file of a SQLite database. A URL without a scheme is refused: as a file name, a
/// typing error would create a new, empty database.
pub fn sqlite_file(value: &str) -> Result<PathBuf, String> {
    match value.strip_prefix("sqlite://") {
        None => Err("is not a sqlite:// address".into()),
        Some("") => Err("names no file".into()),
        Some(name) if name.contains(['?', '#']) => Err("has a query or a fragment".into()),
        Some(name) => file(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            "https://*.example.org",
            "https://%2A.example.org",
            "https://x;https://y",
            "https://x:0",
            "http://x\\y",
        ] {
            assert!(origin_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn host_has_no_scheme_port_path_or_wildcard() {
        for (value, host) in [
            ("Auth-Service", "auth-service"),
            ("10.0.0.1", "10.0.0.1"),
            ("[0:0::1]", "[::1]"),
            ("bücher.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(host_name(value).as_deref(), Ok(host));
        }
        for bad in
            ["http://x", "x:80", "x/", "x/a", "u@x", "::1", "10.0.0.0/8", "*", "*.internal", "a;b"]
        {
            assert!(host_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn network_is_compared_in_canonical_form() {
        for (value, expected) in [
            ("10.0.0.1", "10.0.0.1/32"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("fd00::/8", "fd00::/8"),
            ("::/0", "::/0"),
            ("::1", "::1/128"),
            ("::ffff:10.0.0.1", "10.0.0.1/32"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::ffff:a00:0/104", "10.0.0.0/8"),
            ("::ffff:0:0/96", "0.0.0.0/0"),
        ] {
            assert_eq!(network(value).map(|net| net.to_string()), Ok(expected.into()), "{value}");
        }
        for bad in [
            "10.0.0.0/33",
            "10.0.0",
            "010.0.0.1",
            "10.0.0.1:80",
            "[::1]",
            "fe80::1%eth0",
            "10.0.0.*",
            "10.0.0.1-10.0.0.9",
            "::ffff:10.0.0.0/95",
            "::ffff:0:0/8",
            "0.0.0.0",
            "::",
            "::ffff:0.0.0.0",
            "224.0.0.0/4",
            "ff02::1",
        ] {
            assert!(network(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn origin_is_the_text_that_a_browser_sends() {
        for good in [
            "https://app.example.org",
            "http://localhost:3000",
            "http://[::1]:3000",
            "https://xn--bcher-kva.example",
        ] {
            assert_eq!(browser_origin(good).as_deref(), Ok(good));
        }
        for (bad, advice) in [
            ("https://App.Example.org", "write https://app.example.org"),
            ("https://app.example.org:443", "write https://app.example.org"),
            ("http://app.example.org:80", "write http://app.example.org"),
            ("https://app.example.org/", "write https://app.example.org"),
            ("https://app.example.org/a", "write https://app.example.org"),
            ("https://bücher.example", "write https://xn--bcher-kva.example"),
            ("http://127.1:3000", "write http://127.0.0.1:3000"),
            ("https://app.example.org.", "without the dot"),
            ("https://*.example.org", "wildcard"),
            ("https://*", "wildcard"),
            ("*", "is not an http or https address"),
            ("null", "is not an http or https address"),
            ("app.example.org", "is not an http or https address"),
            ("HTTPS://app.example.org", "is not an http or https address"),
        ] {
            let error = browser_origin(bad).expect_err(bad);
            assert!(error.contains(advice), "{bad}: {error}");
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
