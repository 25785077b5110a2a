//! The addresses that a guard may call: https, or plain http where the operator allows it. Every
//! path is one of the contract's, appended to the configured address. None comes from a token or
//! from metadata.

use std::net::IpAddr;

use url::{Host, Url};

/// An error in an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is not an http or https address without credentials, query and fragment.
    #[error("`{0}` is not an http or https address without credentials, query or fragment")]
    Malformed(String),
    /// It is plain http to a host that is neither loopback nor allowed.
    #[error("plain http to `{0}` is not allowed; use https, or allow this name")]
    PlainHttp(String),
}

/// Parses an address.
pub fn parse(text: &str) -> Result<Url, AddressError> {
    let malformed = || AddressError::Malformed(text.chars().filter(|c| !c.is_control()).collect());
    let url = Url::parse(text).map_err(|_| malformed())?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if plain { Ok(url) } else { Err(malformed()) }
}

/// Checks that `url` may be called: over https, or over plain http to loopback or an allowed name.
pub fn check(url: &Url, allow_http: &[String]) -> Result<(), AddressError> {
    parse(url.as_str())?;
    if url.scheme() == "https" {
        return Ok(());
    }
    let name = url.host_str().unwrap_or_default();
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    };
    if loopback || allow_http.iter().any(|allowed| allowed.eq_ignore_ascii_case(name)) {
        return Ok(());
    }
    Err(AddressError::PlainHttp(name.to_owned()))
}

/// Appends one of the contract's paths to `base`.
pub(super) fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    let folder = base.path().trim_end_matches('/');
    url.set_path(&format!("{folder}{path}"));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(url: &str, allowed: &[&str]) -> bool {
        let allowed: Vec<_> = allowed.iter().map(ToString::to_string).collect();
        parse(url).and_then(|url| check(&url, &allowed)).is_ok()
    }

    #[test]
    fn plain_http_is_for_loopback_and_allowed_names_only() {
        for (url, allowed, good) in [
            ("https://login.example.org", &[][..], true),
            ("http://localhost:8001", &[], true),
            ("http://127.0.0.1:8001", &[], true),
            ("http://[::1]:8001", &[], true),
            ("http://login.example.org", &[], false),
            ("http://10.0.0.1", &[], false),
            ("http://localhost.evil.example", &[], false),
            ("http://auth-service:8001", &["auth-service"], true),
            ("http://auth-service.evil:8001", &["auth-service"], false),
        ] {
            assert_eq!(verdict(url, allowed), good, "{url}");
        }
    }

    #[test]
    fn an_address_has_no_credentials_query_or_fragment() {
        for url in ["https://u:p@x", "https://x?y", "https://x#y", "ftp://x", "x", "file:///etc"] {
            assert!(parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn paths_go_below_the_folder_of_the_address() {
        for (base, expected) in [
            ("https://x", "https://x/feed"),
            ("https://x/", "https://x/feed"),
            ("https://x/a", "https://x/a/feed"),
            ("https://x/a/", "https://x/a/feed"),
        ] {
            assert_eq!(below(&parse(base).expect("a URL"), "/feed").as_str(), expected);
        }
    }
}
