//! What clients see of a server's end.

use std::net::{Ipv4Addr, SocketAddr};

use actix_web::{App, HttpResponse, web};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::super::{server, shutdown};
use super::*;

/// One request; the answer's head and body.
async fn ask(stream: &mut TcpStream) -> String {
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
    let mut answer = Vec::new();
    while !answer.ends_with(b"answer") {
        assert_ne!(stream.read_buf(&mut answer).await.expect("read"), 0, "closed unanswered");
    }
    String::from_utf8(answer).expect("text").to_ascii_lowercase()
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.expect("connected")
}

#[actix_web::test]
async fn whoever_is_connected_when_the_end_begins_is_answered_and_asked_to_leave() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("its address");
    let app = || App::new().default_service(web::to(async || HttpResponse::Ok().body("answer")));
    let serving = server::serve(listener, Some(1), app).expect("a server");
    let (trigger, shutdown) = shutdown::channel();
    let running = tokio::spawn(async move { run_until(vec![serving], &shutdown).await });
    let (mut kept, mut fresh, mut silent) =
        (connect(address).await, connect(address).await, connect(address).await);
    assert!(!ask(&mut kept).await.contains("connection: close"), "an ordinary day");
    assert!(!ask(&mut silent).await.contains("connection: close"), "an ordinary day");

    trigger.fire();
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(ask(&mut kept).await.contains("connection: close"));
    assert!(ask(&mut fresh).await.contains("connection: close"));
    assert_eq!(silent.read(&mut [0; 1]).await.expect("closed in order"), 0);
    running.await.expect("it ran").expect("it ended");
}
