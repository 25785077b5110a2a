//! Clients that ask for large answers and do not read them.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};
use support::pair::Pair;
use support::poll;
use support::service::Service;
use support::user::User;

/// The number of clients, with one connection each.
const READERS: usize = 200;

/// The number of requests that each client sends at once.
const PIPELINED: usize = 12;

/// The memory that a service may use for a reader: its buffers, and one page of a list.
const SHARE_KIB: u64 = 256;

/// The time limit, for machines that also run other tests.
const PATIENCE: Duration = Duration::from_mins(1);

/// Connects with a receive buffer that takes a few kilobytes.
fn slow_reader(address: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).expect("a socket");
    socket.set_recv_buffer_size(2_048).expect("a small buffer");
    socket.connect(&address.into()).expect("a connection");
    socket.into()
}

/// Sends requests for `path`, and returns the readers once each of them has an answer waiting.
fn slow_readers(service: &Service, path: &str, token: &str) -> Vec<TcpStream> {
    let address: SocketAddr = service.address().parse().expect("an address");
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n");
    let requests = request.repeat(PIPELINED);
    let readers: Vec<_> = (0..READERS)
        .map(|_| {
            let mut reader = slow_reader(address);
            reader.write_all(requests.as_bytes()).expect("sent");
            reader
        })
        .collect();
    for reader in &readers {
        reader.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        let mut start = [0; 12];
        poll::until("an answer has come", PATIENCE, || {
            reader.peek(&mut start).expect("an answer") == start.len()
        });
        assert_eq!(start.as_slice(), b"HTTP/1.1 200", "{path}");
    }
    readers
}

#[test]
fn slow_readers_of_large_answers_hold_a_bounded_share_of_memory() {
    let pair = Pair::start();
    let token = User::signed_up(&pair.auth, "Ada").log_in(&pair.auth);
    pair.accepts("the guard has heard of her", &token);
    for service in [&pair.auth, &pair.api] {
        for path in ["/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css", "/openapi.json"] {
            // The first request may load data that all requests share.
            service.get(path).send().expect(200);
            let before = service.process().memory_kib();
            let readers = slow_readers(service, path, &token);
            let grown = service.process().memory_kib().saturating_sub(before);
            let share = grown / READERS as u64;
            assert!(share < SHARE_KIB, "{path} of {}: {share} KiB a reader", service.url);
            service.get(path).send().expect(200);
            drop(readers);
        }
    }
    pair.accepts("afterwards", &token);
}

#[test]
fn slow_reader_gets_a_large_answer_complete() {
    let pair = Pair::start();
    for service in [&pair.auth, &pair.api] {
        let whole = service.get("/docs/swagger-ui-bundle.js").send().expect(200).body;
        assert!(whole.len() > 1_000_000, "{}", whole.len());
        let mut reader = slow_reader(service.address().parse().expect("an address"));
        let request =
            "GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        reader.write_all(request.as_bytes()).expect("sent");
        reader.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        let mut answer = Vec::new();
        std::io::Read::read_to_end(&mut reader, &mut answer).expect("the whole answer");
        assert!(answer.ends_with(&whole), "{} bytes of {}", answer.len(), whole.len());
    }
}
