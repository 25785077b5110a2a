//! A running listener and its shutdown. Every connection that reached the server gets an answer.
//!
//! A client with an open connection may send a request at the moment at which the server closes it.
//! So the shutdown has four steps. First, every response asks the client to close the connection
//! (RFC 9112 §9.6). Then the server accepts no connection, and accepted ones have time to send
//! their request. Then it closes idle connections and finishes the current requests. Connections
//! not yet accepted get a `503` (`late_connections`): the kernel would reset them.

use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use actix_server::{Server, ServerHandle};

use super::failure::Failure;
use super::late_connections::refuse;
use super::shutdown::Shutdown;

/// The time in which a client with an open connection may send a request and be asked to close.
const LEAVING: Duration = Duration::from_millis(500);

/// The time that an accepted connection has for its request.
const LAST_REQUESTS: Duration = Duration::from_millis(100);

/// The time for the server to close its listener.
const CLOSING: Duration = Duration::from_millis(50);

/// A flag that is true if clients are asked to close their connections.
#[derive(Debug, Clone, Default)]
pub(super) struct Ending(Arc<AtomicBool>);

impl Ending {
    /// Returns true if the shutdown has begun.
    pub(super) fn begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A running listener. As a future it completes when its server ends.
pub struct Serving {
    server: Server,
    /// The listener of the server, through another descriptor.
    listener: TcpListener,
    ending: Ending,
}

impl Serving {
    pub(super) fn new(server: Server, listener: TcpListener, ending: Ending) -> Self {
        Self { server, listener, ending }
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
    listener: Option<TcpListener>,
    ending: Ending,
}

impl End {
    async fn of(self) {
        self.ending.0.store(true, Ordering::Relaxed);
        tokio::time::sleep(LEAVING).await;
        self.server.pause().await;
        tokio::time::sleep(LAST_REQUESTS).await;
        let waiting = async {
            // The listener stays open while one of its descriptors is open.
            tokio::time::sleep(CLOSING).await;
            if let Some(listener) = self.listener {
                refuse(listener).await;
            }
        };
        tokio::join!(self.server.stop(true), waiting);
    }
}

/// Runs `servers` until `shutdown` begins, then lets each server finish its current requests.
pub async fn run_until(servers: Vec<Serving>, shutdown: &Shutdown) -> Result<(), Failure> {
    let ends: Vec<_> = servers
        .iter()
        .map(|serving| End {
            server: serving.handle(),
            listener: serving.listener.try_clone().ok(),
            ending: serving.ending.clone(),
        })
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
