//! HTTP itself: framing, methods, headers, time limits (RFC 9110, RFC 9112).

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use support::connection::exchange;
use support::pair::Pair;
use support::poll;
use support::user::User;

/// The time limit for an answer that ends with its connection; only a hanging machine reaches it.
const PATIENCE: Duration = Duration::from_secs(20);

/// The time for the first byte of a connection.
const FIRST_BYTE: Duration = Duration::from_secs(12);

/// The time limit for a slow first head. A request that waits behind one takes longer.
const PROMPT: Duration = Duration::from_secs(5);

/// `shared/service/src/server_tests.rs` holds the table of ambiguous requests; each service answers
/// one of them as that server does.
#[test]
fn ambiguous_framing_is_refused_and_the_connection_closed() {
    let pair = Pair::start();
    let smuggled = "GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n";
    let post = "POST /login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    let get = "GET /x HTTP/1.1\r\nhost: x\r\n";
    for service in [&pair.auth, &pair.api] {
        for (request, statuses) in [
            (
                format!("{post}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
                &[&[400][..]][..],
            ),
            // The head is correct here, and an unknown path may be answered before the body.
            (format!("{post}transfer-encoding: chunked\r\n\r\nz\r\n{{}}\r\n"), &[&[400], &[404]]),
        ] {
            let request = format!("{request}{smuggled}");
            let answer = exchange(service.address(), request.as_bytes(), PATIENCE);
            assert!(statuses.contains(&&*answer.statuses()), "{request:?}: {answer:?}");
            assert!(answer.closed, "{request:?}: {answer:?}");
        }
        let two = format!("{get}\r\n{get}connection: close\r\n\r\n");
        let answer = exchange(service.address(), two.as_bytes(), PATIENCE);
        assert_eq!(answer.statuses(), [404, 404], "the control: two requests, two answers");
    }
}

#[test]
fn slow_and_idle_clients_do_not_keep_others_waiting() {
    let pair = Pair::start();
    let token = User::signed_up(&pair.auth, "Ada").log_in(&pair.auth);
    pair.accepts("before", &token);
    for service in [&pair.auth, &pair.api] {
        let connect = |_| TcpStream::connect(service.address()).expect("a connection");
        let idle: Vec<_> = (0..400).map(connect).collect();
        let mut slow: Vec<_> = (0..50).map(connect).collect();
        for stream in &mut slow {
            stream.write_all(b"POST /login HTTP/1.1\r\nhost: x\r\nx-sl").expect("written");
        }
        let mut bodies: Vec<_> = (0..50).map(connect).collect();
        for stream in &mut bodies {
            let head = "POST /login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                        content-length: 100\r\n\r\n{";
            stream.write_all(head.as_bytes()).expect("written");
        }
        for _ in 0..20 {
            let began = Instant::now();
            service.get("/openapi.json").send().expect(200);
            assert!(began.elapsed() < PROMPT, "{:?}", began.elapsed());
        }
        drop((idle, slow, bodies));
    }
    pair.accepts("after", &token);
}

#[test]
fn endless_request_is_closed_within_half_a_minute() {
    let pair = Pair::start_with(&[("AUTH_KEEP_ALIVE", "2s"), ("API_KEEP_ALIVE", "2s")]);
    let limit = Duration::from_secs(32);
    let head = "POST /login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    let complete = "GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n";
    let chunked = "POST /nowhere HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    std::thread::scope(|scope| {
        for service in [&pair.auth, &pair.api] {
            // A client would take an unexpected answer for that to its next request.
            for address in [service.address(), service.management.trim_start_matches("http://")] {
                scope.spawn(move || {
                    let answer = exchange(address, b"", limit);
                    assert!(answer.closed && answer.text.is_empty(), "{address}: {answer:?}");
                });
            }
            for (start, told) in [
                (format!("{head}x-slow"), Some(&[408][..])),
                (format!("{head}content-length: 100\r\n\r\n{{"), None),
                (complete.to_owned(), Some(&[404])),
                (format!("{complete}{head}x-slow"), Some(&[404])),
                (format!("{chunked}5\r\nhello\r\n"), Some(&[404])),
            ] {
                scope.spawn(move || {
                    let began = Instant::now();
                    let answer = exchange(service.address(), start.as_bytes(), limit);
                    assert!(answer.closed, "{start:?} to {}: {answer:?}", service.url);
                    assert!(began.elapsed() < limit);
                    let expected = told.is_none_or(|told: &[u16]| answer.statuses() == told);
                    assert!(expected, "{start:?}: {answer:?}");
                });
            }
        }
    });
}

/// Such a pause happens to a moved virtual machine, or a container without processor time.
#[test]
fn request_sent_in_time_is_answered_after_a_service_pause() {
    let pair = Pair::start();
    let mut clients = [&pair.auth, &pair.api]
        .map(|service| (service, TcpStream::connect(service.address()).expect("a connection")));
    poll::throughout("the services wait for a first byte", Duration::from_millis(300), || true);
    for (service, stream) in &mut clients {
        service.pause();
        stream.write_all(b"GET /docs HTTP/1.1\r\nhost: x\r\n").expect("written");
        stream.write_all(b"connection: close\r\n\r\n").expect("written");
    }
    poll::throughout("longer than a first byte may take", FIRST_BYTE + PROMPT / 5, || true);
    for (service, stream) in &mut clients {
        service.resume();
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{}: {answer}", service.url);
    }
}
