//! A running listener and its shutdown. Every connection that reached the server gets an answer.
//!
//! A load balancer sends requests until it sees that the service is not ready, and a client with an
//! open connection may send one at the moment at which the server closes it. So the shutdown has
//! four steps. First comes the drain: all requests are answered, and every response asks the client
//! to close the connection (RFC 9112 §9.6). Then the server accepts no connection, and accepted ones
//! have time to send their request. Then it closes idle connections and finishes the current
//! requests. Connections not yet accepted get a `503` (`late_connections`): the kernel would reset
//! them. The management listener ends last, so probes and metrics show the shutdown.

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

/// The time that an accepted connection has for its request.
const LAST_REQUESTS: Duration = Duration::from_millis(100);

/// The time for the server to close its listener.
const CLOSING: Duration = Duration::from_millis(50);

/// The time for the last probes of the management listener, after the service has ended.
const LAST_PROBES: Duration = Duration::from_millis(500);

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
    listener: Option<TcpListener>,
    ending: Ending,
}

impl Serving {
    pub(super) fn new(server: Server, listener: TcpListener, ending: Ending) -> Self {
        Self { server, listener: Some(listener), ending }
    }

    /// Returns the end of this server, with its listener: the port is closed when all descriptors are.
    fn end(&mut self) -> End {
        let (server, ending) = (self.server.handle(), self.ending.clone());
        End { server, listener: self.listener.take(), ending }
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
    /// Asks all clients to close their connections from now on.
    fn begin(&self) {
        self.ending.0.store(true, Ordering::Relaxed);
    }

    async fn finish(self) {
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

/// Runs both servers until `shutdown` begins. Then `service` serves on for `drain` and finishes its
/// current requests; `management` ends after it.
pub async fn run_until(
    mut service: Serving,
    mut management: Serving,
    drain: Duration,
    shutdown: &Shutdown,
) -> Result<(), Failure> {
    let (service_end, management_end) = (service.end(), management.end());
    tokio::select! {
        ended = &mut service => return ended.map_err(Failure::failed),
        ended = &mut management => return ended.map_err(Failure::failed),
        () = shutdown.wait() => {}
    }
    service_end.begin();
    management_end.begin();
    let ending = async {
        tokio::time::sleep(drain).await;
        service_end.finish().await;
    };
    let ((), ended) = tokio::join!(ending, service);
    ended.map_err(Failure::failed)?;
    let ending = async { tokio::join!(management_end.finish(), management).1 };
    // A client that reads slowly does not delay the end of the process.
    tokio::time::timeout(LAST_PROBES, ending).await.unwrap_or(Ok(())).map_err(Failure::failed)
}

#[cfg(test)]
#[path = "serving_tests.rs"]
mod tests;
