//! The shutdown of a server, from the clients' point of view.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::AtomicU32;
use std::thread;

use actix_web::{App, HttpResponse, web};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::super::{server, shutdown};
use super::*;

const KEEP_ALIVE: Duration = Duration::from_mins(1);

/// Starts a server that answers every request.
fn start() -> (SocketAddr, Serving) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("its address");
    let app = || App::new().default_service(web::to(async || HttpResponse::Ok().body("answer")));
    (address, server::serve(listener, Some(1), KEEP_ALIVE, app).expect("a server"))
}

/// Sends one request. Returns the head and the body of the response.
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
async fn shutdown_answers_open_connections_with_close() {
    let ((address, service), (_, management)) = (start(), start());
    let (trigger, shutdown) = shutdown::channel();
    let drain = Duration::from_millis(500);
    let running =
        tokio::spawn(async move { run_until(service, management, drain, &shutdown).await });
    let (mut kept, mut fresh, mut silent) =
        (connect(address).await, connect(address).await, connect(address).await);
    assert!(!ask(&mut kept).await.contains("connection: close"), "an ordinary day");
    assert!(!ask(&mut silent).await.contains("connection: close"), "an ordinary day");

    trigger.fire();
    while !ask(&mut kept).await.contains("connection: close") {}
    assert!(ask(&mut fresh).await.contains("connection: close"));
    assert_eq!(silent.read(&mut [0; 1]).await.expect("closed in order"), 0);
    running.await.expect("it ran").expect("it ended");
}

#[actix_web::test]
async fn drain_serves_new_connections() {
    let ((address, service), (_, management)) = (start(), start());
    let (trigger, shutdown) = shutdown::channel();
    let drain = Duration::from_mins(1);
    let running =
        tokio::spawn(async move { run_until(service, management, drain, &shutdown).await });
    trigger.fire();
    while !ask(&mut connect(address).await).await.contains("connection: close") {}
    for _ in 0..10 {
        let answer = ask(&mut connect(address).await).await;
        assert!(answer.contains("connection: close"), "{answer}");
    }
    assert!(!running.is_finished());
}

#[actix_web::test]
async fn management_ends_after_the_drain_and_the_service() {
    let ((address, service), (operators, management)) = (start(), start());
    let (trigger, shutdown) = shutdown::channel();
    let drain = Duration::from_millis(300);
    let running =
        tokio::spawn(async move { run_until(service, management, drain, &shutdown).await });
    let begun = std::time::Instant::now();
    trigger.fire();
    while TcpStream::connect(operators).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(begun.elapsed() >= drain, "{:?}", begun.elapsed());
    assert!(TcpStream::connect(address).await.is_err(), "the service ends first");
    running.await.expect("it ran").expect("it ended");
}

#[actix_web::test]
async fn port_is_closed_after_the_drain_while_a_request_goes_on() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("its address");
    let (begun, finish) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let shared = (Arc::clone(&begun), Arc::clone(&finish));
    let app = move || {
        let (begun, finish) = shared.clone();
        App::new().default_service(web::to(move || {
            let (begun, finish) = (Arc::clone(&begun), Arc::clone(&finish));
            async move {
                begun.notify_one();
                finish.notified().await;
                HttpResponse::Ok().body("answer")
            }
        }))
    };
    let service = server::serve(listener, Some(1), KEEP_ALIVE, app).expect("a server");
    let (_, management) = start();
    let (trigger, shutdown) = shutdown::channel();
    let running =
        tokio::spawn(
            async move { run_until(service, management, Duration::ZERO, &shutdown).await },
        );
    let mut slow = connect(address).await;
    let asking = tokio::spawn(async move { ask(&mut slow).await });
    begun.notified().await;
    trigger.fire();
    // A client that connects now would get no answer until the slow request ends.
    while TcpStream::connect(address).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(!running.is_finished());
    finish.notify_one();
    assert!(asking.await.expect("asked").ends_with("answer"));
    running.await.expect("it ran").expect("it ended");
}

/// Sends requests, each over a new connection, until the port closes, and counts the responses.
fn newcomers(address: SocketAddr, answers: &AtomicU32) -> io::Result<()> {
    while let Ok(mut stream) = std::net::TcpStream::connect(address) {
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let whole = answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("answer")
            || answer.starts_with("HTTP/1.1 503 ") && answer.ends_with('}');
        assert!(whole, "{answer:?}");
        answers.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

#[actix_web::test]
async fn shutdown_completes_answers() {
    for round in 0..3 {
        let ((address, service), (_, management)) = (start(), start());
        // Without a drain, too.
        let drain = Duration::from_millis(100) * round;
        let (trigger, shutdown) = shutdown::channel();
        let answers = Arc::new(AtomicU32::new(0));
        let client = |_| {
            let answers = Arc::clone(&answers);
            thread::spawn(move || newcomers(address, &answers))
        };
        let clients: Vec<_> = (0..8).map(client).collect();
        let end = async {
            // While the clients send requests.
            while answers.load(Ordering::Relaxed) < 100 {
                tokio::task::yield_now().await;
            }
            trigger.fire();
        };
        let (ended, ()) = tokio::join!(run_until(service, management, drain, &shutdown), end);
        ended.expect("ended");
        for client in clients {
            let outcome = client.join().expect("whole answers");
            assert!(outcome.is_ok(), "round {round}: {outcome:?}");
        }
    }
}
