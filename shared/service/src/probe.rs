//! A client of a service's management listener, for the commands `health` and `status`.
//!
//! It has a few lines of HTTP/1.0 instead of a client library: it only talks to our own listener,
//! and a container's health check should use few resources.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use super::failure::Failure;
use super::output;

/// The time limit of connecting, of writing and of each read.
const PATIENCE: Duration = Duration::from_secs(2);

/// Larger than any response of a management listener.
const MAX_ANSWER: u64 = 4 * 1024 * 1024;

/// Prints the readiness of the service with the management listener at `address`.
///
/// # Errors
///
/// The service does not respond, or it is not ready.
pub fn health(address: SocketAddr) -> Result<(), Failure> {
    let answer = get(address, "/health/ready")?;
    match answer.status {
        200 => output::line(&answer.body),
        _ => Err(Failure::failed(format_args!("not ready: {}", answer.body.escape_debug()))),
    }
}

/// A response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// Gets `path` from the listener bound to `address`.
///
/// # Errors
///
/// No process listens, or the response is not HTTP.
pub fn get(address: SocketAddr, path: &str) -> Result<Answer, Failure> {
    exchange(reachable(address), path)
        .map_err(|error| Failure::failed(format_args!("no answer from {address}: {error}")))
}

fn exchange(address: SocketAddr, path: &str) -> io::Result<Answer> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // Written at once: a peer that answers early would not read the rest, and reset us.
    let request = format!("GET {path} HTTP/1.0\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(MAX_ANSWER).read_to_end(&mut answer)?;
    parse(&String::from_utf8_lossy(&answer))
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP"))
}

/// Returns the loopback address for a listener on all addresses.
fn reachable(address: SocketAddr) -> SocketAddr {
    let host = match address.ip() {
        IpAddr::V4(host) if host.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(host) if host.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        host => host,
    };
    SocketAddr::new(host, address.port())
}

fn parse(answer: &str) -> Option<Answer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let (version, rest) = head.split_once(' ')?;
    let status = rest.get(..3)?.parse().ok()?;
    version.starts_with("HTTP/1.").then(|| Answer { status, body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn an_answer_is_its_status_and_its_body() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("its address");
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let mut request = [0; 256];
            let length = stream.read(&mut request).expect("a request");
            stream
                .write_all(b"HTTP/1.0 503 Service Unavailable\r\nx: y\r\n\r\nnot\r\n\r\nready")
                .expect("written");
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        let answer = get(address, "/health/ready").expect("an answer");
        assert_eq!(answer, Answer { status: 503, body: "not\r\n\r\nready".into() });
        let request = server.join().expect("the request");
        assert!(request.starts_with("GET /health/ready HTTP/1.0\r\n"), "{request}");
        assert!(request.ends_with("\r\n\r\n"), "not sent at once: {request}");
    }

    #[test]
    fn probe_of_another_protocol_is_an_error() {
        for text in ["", "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\n"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn probe_of_an_unspecified_address_uses_loopback() {
        assert_eq!(reachable("0.0.0.0:9".parse().expect("v4")).to_string(), "127.0.0.1:9");
        assert_eq!(reachable("[::]:9".parse().expect("v6")).to_string(), "[::1]:9");
        assert_eq!(reachable("10.0.0.1:9".parse().expect("v4")).to_string(), "10.0.0.1:9");
    }
}
