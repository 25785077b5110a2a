//! A listener and unusual HTTP requests.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use actix_web::{App, HttpResponse, web};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::super::deadline::LAST_LOOK;
use super::*;

const KEEP_ALIVE: Duration = Duration::from_mins(1);

/// Starts a server that answers everything, without reading any content.
fn start() -> SocketAddr {
    start_with(KEEP_ALIVE)
}

fn start_with(keep_alive: Duration) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("its address");
    let app = || App::new().default_service(web::to(async || HttpResponse::Ok().body("answer")));
    tokio::spawn(serve(listener, Some(1), keep_alive, app).expect("a server"));
    address
}

/// Returns the status codes of all responses, in order.
fn statuses(answer: &str) -> Vec<&str> {
    answer.split("HTTP/1.1 ").skip(1).map(|text| &text[..3]).collect()
}

/// Sends `request` and returns all bytes until the server closes the connection.
async fn talk(address: SocketAddr, request: &[u8]) -> String {
    talk_for(address, request, Duration::from_secs(10)).await
}

async fn talk_for(address: SocketAddr, request: &[u8], limit: Duration) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    stream.write_all(request).await.expect("sent");
    let mut answer = Vec::new();
    let read = tokio::time::timeout(limit, stream.read_to_end(&mut answer)).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(read.is_ok(), "{} is not closed: {answer}", request.escape_ascii());
    read.expect("closed").expect("an answer");
    answer
}

#[actix_web::test]
async fn ambiguous_request_is_refused_and_ends_the_connection() {
    let address = start();
    for request in [
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\rA: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nA\0: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/3.0\r\nHost: x\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{0}hello TLS\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x2\r\n\r\n{}",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nA b: c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n: a\r\n\r\n",
        "GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n",
        "nonsense\r\n\r\n",
    ] {
        let answer = talk(address, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{}: {answer}", request.escape_debug());
        assert_eq!(statuses(&answer), ["400"], "{}: {answer}", request.escape_debug());
    }
}

#[actix_web::test]
async fn requests_before_a_refused_request_are_answered_and_none_after_it() {
    let good = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    let bad = "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n";
    let answer = talk(start(), format!("{good}{good}{bad}{good}").as_bytes()).await;
    assert_eq!(statuses(&answer), ["200", "200", "400"], "{answer}");
}

#[actix_web::test]
async fn proper_requests_are_answered_one_after_the_other() {
    let answer = talk(
        start(),
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\na\nb\n\
          POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n\n\n\r\n0\r\n\r\n\
          GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 3, "{answer}");
}

#[actix_web::test]
async fn head_without_an_end_is_refused() {
    let mut request = b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ".to_vec();
    request.resize(512 * 1_024, b'a');
    let answer = talk(start(), &request).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[actix_web::test]
async fn content_that_no_handler_reads_is_not_taken_for_long() {
    let mut stream = TcpStream::connect(start()).await.expect("connected");
    let head = b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000000\r\n\r\n";
    stream.write_all(head).await.expect("sent");
    let endless = async { while stream.write_all(&[b'a'; 8_192]).await.is_ok() {} };
    let cut_off = tokio::time::timeout(Duration::from_secs(8), endless).await;
    assert!(cut_off.is_ok(), "content is still taken after eight seconds");
}

#[actix_web::test]
async fn no_answer_names_the_server_and_its_version() {
    let answer = talk(start(), b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(!answer.to_lowercase().contains("\r\nserver:"), "{answer}");
}

/// Starts a server that responds with the content of the request.
fn start_echo() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("its address");
    let app = || App::new().default_service(web::to(async |content: String| content));
    tokio::spawn(serve(listener, Some(1), KEEP_ALIVE, app).expect("a server"));
    address
}

/// Sends a request to the echo server. Expects `content` and a `Connection: close`.
async fn expect_content_and_close(address: SocketAddr, request: String, content: &str) {
    let answer = talk(address, request.as_bytes()).await;
    let (head, echo) = answer.split_once("\r\n\r\n").expect("an answer");
    assert_eq!(statuses(head), ["200"], "{request:?}: {answer}");
    assert_eq!(echo, content, "{request:?}");
    assert!(!head.contains("upgrade"), "{request:?}: {head}");
    assert!(head.contains("\r\nconnection: close"), "{request:?}: {head}");
}

#[actix_web::test]
async fn upgrade_is_ignored_and_the_answer_announces_the_close() {
    let address = start_echo();
    let chunked = ("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "hello");
    let mut requests = Vec::new();
    for fields in [
        "Connection: upgrade",
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk",
        "Connection: keep-alive, UPGRADE\r\nUpgrade: websocket",
        "Connection: upgrade\r\nConnection: keep-alive\r\nUpgrade: h2c, websocket",
        "Upgrade:\tWebSocket \r\nConnection: upgrade",
        // actix-http reads these as streams even without the `Connection` option.
        "Upgrade: websocket",
        "Upgrade: h2c\r\nUpgrade: WebSocket",
    ] {
        let ends_by_itself = fields.contains("Connection").then_some(chunked);
        let lengths = [
            ("Content-Length: 5\r\n\r\nhello", "hello"),
            ("Content-Length: 0\r\n\r\n", ""),
            ("\r\n", ""),
        ];
        for (rest, content) in lengths.into_iter().chain(ends_by_itself) {
            let request = format!("POST / HTTP/1.1\r\nHost: x\r\n{fields}\r\n{rest}");
            requests.push(expect_content_and_close(address, request, content));
        }
    }
    futures_util::future::join_all(requests).await;
}

#[actix_web::test]
async fn malformed_chunk_is_refused_and_ends_the_connection() {
    let address = start_echo();
    for chunk in ["z\r\n{}\r\n0\r\n\r\n", "ffffffffffffffff1\r\n{}", "-1\r\n\r\n", "2\r\n{}x\r\n"] {
        let head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
        let next = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        let answer = talk(address, format!("{head}{chunk}{next}").as_bytes()).await;
        assert_eq!(statuses(&answer), ["400"], "{chunk:?}: {answer}");
    }
}

#[actix_web::test]
async fn other_hop_by_hop_fields_change_nothing() {
    let address = start_echo();
    for fields in [
        "Connection: keep-alive",
        "Connection: HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk",
        "Connection: x-unknown, keep-alive\r\nKeep-Alive: timeout=1, max=1",
        "Proxy-Connection: close\r\nKeep-Alive: timeout=0",
        "TE: trailers\r\nConnection: TE",
        "Trailer: Expires",
        "Upgrade: h2c",
        "Upgrade: TLS/1.0, HTTP/2.0",
        "Connection: ,,",
    ] {
        let post = format!("POST / HTTP/1.1\r\nHost: x\r\n{fields}\r\nContent-Length: 5\r\n\r\n");
        let last = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let answer = talk(address, format!("{post}hello{post}again{last}").as_bytes()).await;
        assert_eq!(statuses(&answer), ["200", "200", "200"], "{fields}: {answer}");
        assert!(!answer.contains("connection: upgrade"), "{fields}: {answer}");
    }
}

#[actix_web::test]
async fn request_to_connect_is_answered_without_waiting_for_content() {
    let answer = talk(start_echo(), b"CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n").await;
    assert_eq!(statuses(&answer).len(), 1, "{answer}");
}

#[tokio::test(start_paused = true)]
async fn silent_connection_has_a_time_limit_for_its_first_byte() {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let mut client = TcpStream::connect(address).await.expect("connected");
    let (server, _) = listener.accept().await.expect("accepted");
    let began = tokio::time::Instant::now();
    let ended = first_byte(&server, std::future::pending()).await;
    assert!(matches!(ended, Err(DispatchError::DisconnectTimeout)), "{ended:?}");
    assert_eq!(began.elapsed(), FIRST_BYTE + LAST_LOOK);
    client.write_all(b"G").await.expect("sent");
    let began = first_byte(&server, std::future::pending()).await;
    assert!(began.is_ok(), "{began:?}");
}

/// Sends a request over `stream`, and reads the whole response.
async fn ask(stream: &mut TcpStream) {
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("sent");
    let mut answer = Vec::new();
    while !answer.ends_with(b"answer") {
        assert_ne!(stream.read_buf(&mut answer).await.expect("read"), 0, "closed unanswered");
    }
}

#[actix_web::test]
async fn idle_connection_is_closed_after_its_time_without_an_answer() {
    let connect = async |keep_alive| {
        let address = start_with(Duration::from_secs(keep_alive));
        TcpStream::connect(address).await.expect("connected")
    };
    let (mut short, mut long) = (connect(1).await, connect(3_600).await);
    ask(&mut long).await;
    ask(&mut short).await;
    let mut rest = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(10), short.read_to_end(&mut rest));
    closed.await.expect("closed").expect("in order");
    assert!(rest.is_empty(), "{}", rest.escape_ascii());
    ask(&mut long).await;
}

#[actix_web::test]
async fn first_head_that_does_not_end_is_refused() {
    let answer = talk_for(start(), b"GET / HTTP/1.1\r\nHo", 5 * FIRST_HEAD).await;
    assert_eq!(statuses(&answer), ["408"], "{answer}");
}
