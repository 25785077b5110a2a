//! What a listener makes of bytes that are no proper request.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use actix_web::{App, HttpResponse, web};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::contract::problem::Problem;

/// A server that answers everything, without reading any content.
fn start() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("its address");
    let app = || App::new().default_service(web::to(async || HttpResponse::Ok().body("answer")));
    tokio::spawn(serve(listener, Some(1), app).expect("a server"));
    address
}

/// Sends `request` and gives back everything that came until the server closed the connection.
async fn talk(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    stream.write_all(request).await.expect("sent");
    let mut answer = Vec::new();
    tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer))
        .await
        .unwrap_or_else(|_| panic!("not closed: {}", request.escape_ascii()))
        .expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

#[actix_web::test]
async fn a_request_that_two_parsers_could_read_differently_is_refused_and_the_connection_ends() {
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
        "GET / HTTP/1.1\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n\n",
        "GET / HTTP/1.1\r\nHost: x\n\n",
        "GET / HTTP/1.1\r\nHost: x\rA: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nA\0: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/3.0\r\nHost: x\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{0}hello TLS\r\n\r\n",
    ] {
        let answer = talk(address, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{}: {answer}", request.escape_debug());
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.contains("\r\ncontent-type: application/problem+json"), "{answer}");
        assert!(head.contains("\r\nx-content-type-options: nosniff"), "{answer}");
        let problem: Problem = serde_json::from_str(body).expect("one problem");
        assert_eq!(problem.status, 400, "{}", request.escape_debug());
    }
}

#[actix_web::test]
async fn a_refused_request_takes_those_behind_it_with_it_and_none_before_it() {
    let good = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    let bad = "GET / HTTP/1.1\r\nHost: x\n\r\n";
    let answer = talk(start(), format!("{good}{good}{bad}{good}").as_bytes()).await;
    let statuses: Vec<_> = answer.split("HTTP/1.1 ").skip(1).map(|text| &text[..3]).collect();
    assert_eq!(statuses, ["200", "200", "400"], "{answer}");
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
async fn a_head_that_has_no_end_is_refused_in_words() {
    let mut request = b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ".to_vec();
    request.resize(512 * 1_024, b'a');
    let answer = talk(start(), &request).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    assert!(answer.contains("\"status\":431"), "{answer}");
}

#[actix_web::test]
async fn content_that_nobody_reads_is_not_taken_for_long() {
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
