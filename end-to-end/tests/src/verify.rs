//! `/verify` over HTTP: a proxy's question with content, and the log and metrics of answers.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use support::connection::exchange;
use support::metrics::Metrics;
use support::pair::Pair;
use support::user::User;

/// The time limit for an answer that ends with its connection; only a hanging machine reaches it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Five times the time that the service drops content for.
const DROPPED_FOR: Duration = Duration::from_secs(5);

/// Content that is announced does not come, or comes after the answer.
#[test]
fn content_is_not_waited_for() {
    let pair = Pair::start();
    let token = User::signed_up(&pair.auth, "Ada").log_in(&pair.auth);
    for (fields, status) in
        [(format!("authorization: Bearer {token}\r\n"), 200), (String::new(), 401)]
    {
        for framing in ["content-length: 900000", "transfer-encoding: chunked"] {
            let head =
                format!("POST /verify/upload?x HTTP/1.1\r\nhost: x\r\n{fields}{framing}\r\n\r\n");
            let mut stream = TcpStream::connect(pair.api.address()).expect("a connection");
            stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
            stream.write_all(head.as_bytes()).expect("sent");
            let mut buffer = [0; 4_096];
            let read = stream.read(&mut buffer).expect("an answer before the content");
            let answer = String::from_utf8_lossy(&buffer[..read]).to_lowercase();
            assert!(answer.starts_with(&format!("http/1.1 {status} ")), "{framing}: {answer}");
            assert!(answer.contains("\r\nconnection: close\r\n"), "{framing}: {answer}");
            // The content still arrives, and meets no reset.
            stream.write_all(&vec![b'x'; 100_000]).expect("taken");
            let began = Instant::now();
            assert_eq!(stream.read(&mut buffer).expect("closed in order"), 0, "{framing}");
            assert!(began.elapsed() < DROPPED_FOR, "{:?}", began.elapsed());
        }
    }
    let get = format!("GET /verify HTTP/1.1\r\nhost: x\r\nx-access-token: {token}\r\n");
    let two = format!("{get}\r\n{get}connection: close\r\n\r\n");
    let kept = exchange(pair.api.address(), two.as_bytes(), PATIENCE);
    assert_eq!(kept.statuses(), [200, 200], "a request without content keeps its connection");
    let large = format!("{get}content-length: 200000\r\n\r\n{}", "x".repeat(200_000));
    let large = exchange(pair.api.address(), large.as_bytes(), PATIENCE);
    assert_eq!((large.statuses(), large.closed), (vec![200], true), "{large:?}");
}

/// A stranger can send the header of a rule, so the log gets one line.
#[test]
fn bad_rule_is_one_line_and_requests_count_as_one_route() {
    let pair = Pair::start();
    let token = User::signed_up(&pair.auth, "Ada").log_in(&pair.auth);
    let marker = "strangers-text";
    for _ in 0..5 {
        let request = pair.api.get("/verify").bearer(&token).header("x-require-audience", marker);
        request.send().expect(403);
        pair.api.get(&format!("/verify/{marker}?{marker}")).bearer(&token).send().expect(200);
    }
    let log = pair.api.log();
    let lines: Vec<_> = log.lines().filter(|line| line.contains("/verify answers 403")).collect();
    assert_eq!(lines.len(), 1, "{log}");
    assert!(!log.contains(marker), "{log}");
    let series = r#"signet_http_requests_total{route="/verify",method="GET",status="2xx"}"#;
    assert_eq!(Metrics::of(&pair.api.management).sample(series), Some(5));
}
