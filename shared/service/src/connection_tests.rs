//! Time limits of a connection, with a clock that the tests move.

use tokio::io::{DuplexStream, duplex};

use super::super::deadline::LAST_LOOK;
use super::*;

impl Stream for DuplexStream {}

const REQUEST: &[u8] = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde";

async fn read(connection: &mut Connection<DuplexStream>) -> io::Result<usize> {
    connection.read(&mut [0; 1_024]).await
}

async fn read_to_the_end(connection: &mut Connection<DuplexStream>) -> io::Error {
    loop {
        if let Err(error) = read(connection).await {
            break error;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn trickling_head_loses_the_connection() {
    let (mut client, server) = duplex(64);
    let mut connection = Connection::new(server);
    // The first request and its response.
    client.write_all(REQUEST).await.expect("sent");
    read(&mut connection).await.expect("the whole request");
    drop(connection.activity().answering());

    let began = Instant::now();
    let trickle = async {
        for byte in REQUEST {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if client.write_all(&[*byte]).await.is_err() {
                break;
            }
        }
        std::future::pending::<()>().await;
    };
    let error = tokio::select! { error = read_to_the_end(&mut connection) => error, () = trickle => unreachable!() };
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(began.elapsed(), Duration::from_secs(1) + HEAD + LAST_LOOK);
}

#[tokio::test(start_paused = true)]
async fn request_that_is_being_answered_has_no_limit_here() {
    let (mut client, server) = duplex(1_024);
    let mut connection = Connection::new(server);
    client.write_all(&REQUEST[..50]).await.expect("sent");
    read(&mut connection).await.expect("the head");
    let answering = connection.activity().answering();
    client.write_all(&REQUEST[50..]).await.expect("sent");
    read(&mut connection).await.expect("the content");
    let waiting = tokio::time::timeout(10 * HEAD, read(&mut connection)).await;
    assert!(waiting.is_err(), "a long poll takes its time");
    drop(answering);
    let waiting = tokio::time::timeout(10 * HEAD, read(&mut connection)).await;
    assert!(waiting.is_err(), "actix-http bounds the time between two requests");
}

#[tokio::test(start_paused = true)]
async fn unread_content_has_a_time_limit() {
    let (mut client, server) = duplex(1_024);
    let mut connection = Connection::new(server);
    client.write_all(REQUEST).await.expect("sent");
    read(&mut connection).await.expect("the head");
    let answering = connection.activity().answering();
    answering.content_left().set(true);
    let began = Instant::now();
    drop(answering);
    assert_eq!(read_to_the_end(&mut connection).await.kind(), ErrorKind::TimedOut);
    assert_eq!(began.elapsed(), HEAD + LAST_LOOK);
}

#[tokio::test(start_paused = true)]
async fn late_poll_reads_received_bytes() {
    let (mut client, server) = duplex(1_024);
    let mut connection = Connection::new(server);
    for part in [&REQUEST[..10], &REQUEST[10..]] {
        client.write_all(part).await.expect("sent");
        assert_eq!(read(&mut connection).await.expect("read"), part.len());
        let waiting = tokio::time::timeout(Duration::from_secs(1), read(&mut connection));
        assert!(waiting.await.is_err(), "its time has begun");
        client.write_all(part).await.expect("sent");
        tokio::time::advance(Duration::from_hours(1)).await;
        assert_eq!(read(&mut connection).await.expect("read"), part.len());
        drop(connection.activity().answering());
    }
}

#[tokio::test(start_paused = true)]
async fn unread_answer_ends_the_connection() {
    let (_client, server) = duplex(4);
    let mut connection = Connection::new(server);
    let began = Instant::now();
    let error = connection.write_all(b"longer than that").await.expect_err("stuck");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(began.elapsed(), ANSWER + LAST_LOOK);
}

/// Reads `bytes` each second while the connection writes an endless response.
async fn endless_answer_to(bytes: usize, limit: Duration) -> Option<io::Error> {
    let (mut client, server) = duplex(4_096);
    let mut connection = Connection::new(server);
    let slow = async {
        let mut buffer = vec![0; bytes];
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            client.read_exact(&mut buffer).await.expect("an answer");
        }
    };
    let answer = async {
        loop {
            if let Err(error) = connection.write_all(&[b'a'; 8_192]).await {
                break error;
            }
        }
    };
    tokio::select! {
        error = answer => Some(error),
        () = slow => None,
        () = tokio::time::sleep(limit) => None,
    }
}

#[tokio::test(start_paused = true)]
async fn answer_time_limit_grows_with_bytes_taken() {
    let began = Instant::now();
    let error = endless_answer_to(1_024, Duration::from_hours(1)).await.expect("too slow");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(began.elapsed() < 2 * ANSWER, "{:?}", began.elapsed());
    assert!(endless_answer_to(32 * 1_024, Duration::from_hours(1)).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn reading_stops_while_an_answer_is_unread() {
    let (mut client, server) = duplex(4);
    let mut connection = Connection::new(server);
    client.write_all(b"next").await.expect("sent");
    let writing = tokio::time::timeout(Duration::from_secs(1), connection.write_all(b"answer"));
    assert!(writing.await.is_err(), "stuck");
    let reading = tokio::time::timeout(Duration::from_secs(1), read(&mut connection));
    assert!(reading.await.is_err(), "suspended");
    client.read_exact(&mut [0; 4]).await.expect("four bytes");
    connection.write_all(b"er").await.expect("taken");
    assert_eq!(read(&mut connection).await.expect("read"), 4);
}
