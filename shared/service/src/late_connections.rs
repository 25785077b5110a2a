//! Connections that a closing listener has not accepted: each gets a `503`.

use std::net::TcpListener;

use actix_web::http::StatusCode;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use uuid::Uuid;

use super::connection::linger;
use super::problem_response::ProblemError;
use super::request_context::REQUEST_ID;
use super::server::BACKLOG;
use signet_contract::problem::PROBLEM_MEDIA_TYPE;

/// The time after which another server, or this one after a restart, can answer, in seconds.
const TRY_AGAIN: u32 = 1;

/// Accepts the connections that wait at `listener`, closes it, and answers each with `503`.
pub(super) async fn refuse(listener: TcpListener) {
    let mut last = Vec::new();
    if listener.set_nonblocking(true).is_ok() {
        // At most the number that could wait when the listener closed.
        for _ in 0..BACKLOG {
            let Ok((stream, _)) = listener.accept() else { break };
            last.push(stream);
        }
    }
    // Closed before the answers are sent, so that no other connection is queued.
    drop(listener);
    // An error means that the client has closed the connection.
    drop(futures_util::future::join_all(last.into_iter().map(send)).await);
}

async fn send(stream: std::net::TcpStream) -> std::io::Result<()> {
    stream.set_nonblocking(true)?;
    let mut stream = TcpStream::from_std(stream)?;
    stream.write_all(answer().as_bytes()).await?;
    linger(stream).await;
    Ok(())
}

fn answer() -> String {
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let problem = ProblemError::new(status, "This server is shutting down; try again.").problem;
    let body = serde_json::to_string(&problem).unwrap_or_default();
    format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\nretry-after: {TRY_AGAIN}\r\n\
         content-type: {PROBLEM_MEDIA_TYPE}\r\n{REQUEST_ID}: {}\r\ncontent-length: {}\r\n\r\n{body}",
        Uuid::new_v4(),
        body.len()
    )
}
