//! `health`: asks the management listener of a running server, for container health checks.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use shared::service::failure::Failure;

use super::output;

const TIMEOUT: Duration = Duration::from_secs(3);

/// More than the report of any number of parts.
const LARGEST_ANSWER: u64 = 64 * 1024;

pub(super) fn run(management: SocketAddr) -> Result<(), Failure> {
    let address = reachable(management);
    let answer = ask(address)
        .map_err(|error| Failure::failed(format_args!("no answer from {address}: {error}")))?;
    let status = answer.split_ascii_whitespace().nth(1).unwrap_or_default();
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body).trim();
    match status {
        "200" => output::line(body),
        _ => Err(Failure::failed(format_args!("not ready: {body}"))),
    }
}

/// A listener on every address is asked on the machine's own.
fn reachable(bind: SocketAddr) -> SocketAddr {
    let ip = match bind.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, bind.port())
}

fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    // HTTP/1.0: the answer ends where the connection does.
    write!(stream, "GET /health/ready HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(LARGEST_ANSWER).read_to_string(&mut answer)?;
    Ok(answer)
}
