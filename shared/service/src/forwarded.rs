//! The client of a request that a proxy forwards: `X-Forwarded-For`, read from the right.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use actix_web::http::header::HeaderMap;
use ipnet::IpNet;

/// Returns the client's address: `peer`, or, behind a trusted proxy, the right-most element of
/// `X-Forwarded-For` that is not a trusted proxy. The client wrote the elements left of that one.
///
/// All lines are one list (RFC 9110 §5.3), in which empty elements are ignored (§5.6.1.2). A trusted
/// proxy writes only addresses, so an element that is no address ends the search.
pub fn client_behind(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_proxy = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let lines: Vec<_> = headers.get_all("x-forwarded-for").collect();
    let elements = lines.iter().rev().flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    let mut client = peer.to_canonical();
    for element in elements.map(<[u8]>::trim_ascii).filter(|element| !element.is_empty()) {
        if !is_proxy(&client) {
            break;
        }
        let Some(address) = parse(element) else { break };
        client = address;
    }
    client
}

/// Parses an address as proxies write it, with or without a port. An IPv6 address may have brackets.
fn parse(element: &[u8]) -> Option<IpAddr> {
    let element = std::str::from_utf8(element).ok()?;
    let address = match element.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().ok()?.into(),
        None => match element.parse::<SocketAddr>() {
            Ok(with_port) => with_port.ip(),
            Err(_) => element.parse().ok()?,
        },
    };
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    const PROXY: &str = "10.0.0.1";

    /// Returns the client of a request from `peer` with these lines, behind proxies in 10.0.0.0/8.
    fn client<L: AsRef<[u8]>>(peer: &str, lines: &[L]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            let value = HeaderValue::from_bytes(line.as_ref()).expect("a field value");
            headers.append(HeaderName::from_static("x-forwarded-for"), value);
        }
        let trusted = ["10.0.0.0/8".parse().expect("a network")];
        client_behind(peer.parse().expect("an address"), &headers, &trusted).to_string()
    }

    /// Returns the client of a request that the proxy forwards with this one line.
    fn forwarded(line: &str) -> String {
        client(PROXY, &[line])
    }

    #[test]
    fn only_a_trusted_proxy_names_another_client() {
        assert_eq!(client("192.0.2.1", &["203.0.113.9"]), "192.0.2.1");
        assert_eq!(client::<&str>(PROXY, &[]), PROXY);
    }

    #[test]
    fn right_most_address_of_no_proxy_is_the_client() {
        assert_eq!(forwarded("198.51.100.7, 203.0.113.9"), "203.0.113.9");
        assert_eq!(forwarded("198.51.100.7,203.0.113.9,10.0.0.2 ,\t10.0.0.3"), "203.0.113.9");
        assert_eq!(forwarded("10.0.0.3, 10.0.0.2"), "10.0.0.3");
    }

    #[test]
    fn lines_are_one_list() {
        assert_eq!(client(PROXY, &["198.51.100.7", "203.0.113.9"]), "203.0.113.9");
        assert_eq!(client(PROXY, &["198.51.100.7, 203.0.113.9", "10.0.0.2"]), "203.0.113.9");
        assert_eq!(client(PROXY, &["203.0.113.9", "unknown", "10.0.0.2"]), "10.0.0.2");
    }

    #[test]
    fn empty_elements_are_ignored() {
        for line in ["203.0.113.9, ", "203.0.113.9,,", "203.0.113.9 ,\t, ", ",203.0.113.9,"] {
            assert_eq!(forwarded(line), "203.0.113.9", "{line:?}");
        }
        for lines in [["203.0.113.9", ""], ["203.0.113.9", " , \t"], ["203.0.113.9,", ",10.0.0.2"]]
        {
            assert_eq!(client(PROXY, &lines), "203.0.113.9", "{lines:?}");
        }
        for line in ["", ",", "10.0.0.1,"] {
            assert_eq!(forwarded(line), PROXY, "{line:?}");
        }
    }

    #[test]
    fn element_that_is_no_address_ends_the_search() {
        for element in [
            "unknown",
            "_hidden",
            "-",
            "proxy.example.org",
            "\"203.0.113.9\"",
            "for=203.0.113.9",
            "203.0.113.9 203.0.113.8",
            "203.0.113.009",
            "203.0.113.9:",
            "203.0.113.9:99999",
            "[203.0.113.9]",
            "203.0.113.9]",
            "[2001:db8::1",
            "[[2001:db8::1]]",
            "[2001:db8::1]:",
            "fe80::1%eth0",
        ] {
            let before = format!("198.51.100.7, {element}");
            assert_eq!(forwarded(&before), PROXY, "{element}");
            assert_eq!(forwarded(&format!("{before}, 10.0.0.2")), "10.0.0.2", "{element}");
            assert_eq!(forwarded(&format!("{before}, 203.0.113.9")), "203.0.113.9", "{element}");
        }
    }

    #[test]
    fn bytes_outside_ascii_hide_no_element_to_their_right() {
        for (lines, expected) in [
            (&[&b"\xff, 203.0.113.9"[..]][..], "203.0.113.9"),
            (&[b"198.51.100.7, \xff, 10.0.0.2"], "10.0.0.2"),
            (&[b"203.0.113.9\xff"], PROXY),
            (&[b"\xff", b"203.0.113.9, 10.0.0.2"], "203.0.113.9"),
            (&[b"203.0.113.9", b"\xc3\xbc", b"10.0.0.2"], "10.0.0.2"),
        ] {
            assert_eq!(client(PROXY, lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn ports_brackets_and_mapped_addresses_are_read() {
        for (element, expected) in [
            ("203.0.113.9:5000", "203.0.113.9"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:DB8::1]", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("::ffff:cb00:7109", "203.0.113.9"),
            ("[::ffff:203.0.113.9]:443", "203.0.113.9"),
            ("203.0.113.9, ::ffff:10.0.0.2", "203.0.113.9"),
        ] {
            assert_eq!(forwarded(element), expected, "{element}");
        }
    }
}
