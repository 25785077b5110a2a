//! The address that a request comes from.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::{IpAddr, SocketAddr};

use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::{FromRequest, HttpRequest, web};
use ipnet::IpNet;

use super::Edge;

/// Returns the client's address: the peer's, or, behind a trusted proxy, the right-most entry of
/// `X-Forwarded-For` that is not a trusted proxy. The client wrote the entries left of that one.
pub(crate) fn client_address(request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    let edge = request.app_data::<web::Data<Edge>>()?;
    Some(behind(peer, request.headers(), &edge.options.trusted_proxies))
}

/// The client's address, as [`client_address`] returns it.
pub(crate) struct ClientAddress(pub(crate) Option<IpAddr>);

impl FromRequest for ClientAddress {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(client_address(request))))
    }
}

fn behind(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_proxy = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut client = peer;
    let entries: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .flat_map(|value| value.to_str().unwrap_or_default().split(','))
        .collect();
    for entry in entries.iter().rev() {
        if !is_proxy(&client) {
            break;
        }
        // A trusted proxy writes only addresses.
        let Some(address) = parse(entry.trim()) else { break };
        client = address;
    }
    client
}

/// Parses an address as proxies write it, with or without a port.
fn parse(entry: &str) -> Option<IpAddr> {
    let bare = entry.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse::<IpAddr>().ok();
    address.or_else(|| Some(entry.parse::<SocketAddr>().ok()?.ip())).map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn client(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(
                HeaderName::from_static("x-forwarded-for"),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        behind(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn without_a_trusted_proxy_the_header_says_nothing() {
        assert_eq!(client("192.0.2.1", &["203.0.113.9"], &[]), "192.0.2.1");
        assert_eq!(client("192.0.2.1", &["203.0.113.9"], &["10.0.0.0/8"]), "192.0.2.1");
    }

    #[test]
    fn behind_trusted_proxies_the_right_most_other_entry_is_the_client() {
        let proxies = &["10.0.0.0/8"];
        assert_eq!(client("10.0.0.1", &["198.51.100.7, 203.0.113.9"], proxies), "203.0.113.9");
        assert_eq!(
            client("10.0.0.1", &["198.51.100.7, 203.0.113.9, 10.0.0.2"], proxies),
            "203.0.113.9"
        );
        assert_eq!(client("10.0.0.1", &["198.51.100.7", "203.0.113.9"], proxies), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &["[2001:db8::1]:443"], proxies), "2001:db8::1");
        assert_eq!(client("10.0.0.1", &["203.0.113.9:5000"], proxies), "203.0.113.9");
    }

    #[test]
    fn an_entry_that_is_no_address_ends_the_search() {
        let proxies = &["10.0.0.0/8"];
        assert_eq!(client("10.0.0.1", &["203.0.113.9, unknown"], proxies), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[], proxies), "10.0.0.1");
    }
}
