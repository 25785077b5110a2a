//! A running listener and its shutdown. An accepted request is answered.
//!
//! A client that keeps its connection may send the next request at the very moment at which the
//! server closes it. So the shutdown has three steps: for a while every answer asks the client to
//! leave (RFC 9112 §9.6); then no connection is accepted any more; then idle connections are
//! closed, and requests under way are finished.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use actix_server::{Server, ServerHandle};

use super::failure::Failure;
use super::shutdown::Shutdown;

/// How long a client with an open connection is given to send a request and be asked to leave.
const LEAVING: Duration = Duration::from_millis(500);

/// The time that a connection has for its request after the listener was closed.
pub(super) const LAST_REQUESTS: Duration = Duration::from_millis(200);

/// Tells whether clients are asked to leave.
#[derive(Debug, Clone, Default)]
pub(super) struct Ending(Arc<AtomicBool>);

impl Ending {
    /// Returns whether the shutdown has begun.
    pub(super) fn begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A running listener. As a future it ends with its server.
pub struct Serving {
    server: Server,
    ending: Ending,
}

impl Serving {
    pub(super) fn new(server: Server, ending: Ending) -> Self {
        Self { server, ending }
    }

    /// Returns a handle that stops the server, gracefully or at once.
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
    }
}

impl Future for Serving {
    type Output = std::io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.server).poll(context)
    }
}

/// The shutdown of one server.
struct End {
    server: ServerHandle,
    ending: Ending,
}

impl End {
    async fn of(self) {
        self.ending.0.store(true, Ordering::Relaxed);
        tokio::time::sleep(LEAVING).await;
        self.server.stop(true).await;
    }
}

/// Runs `servers` until `shutdown` begins, then lets each finish what is under way.
pub async fn run_until(servers: Vec<Serving>, shutdown: &Shutdown) -> Result<(), Failure> {
    let ends: Vec<_> = servers
        .iter()
        .map(|serving| End { server: serving.handle(), ending: serving.ending.clone() })
        .collect();
    let running = futures_util::future::try_join_all(servers);
    tokio::pin!(running);
    tokio::select! {
        ended = &mut running => return ended.map(drop).map_err(Failure::failed),
        () = shutdown.wait() => {}
    }
    let ending = futures_util::future::join_all(ends.into_iter().map(End::of));
    let (_, ended) = tokio::join!(ending, running);
    ended.map(drop).map_err(Failure::failed)
}

#[cfg(test)]
#[path = "serving_tests.rs"]
mod tests;
