//! A listener at work, and its end: nobody who was let in goes away without an answer.
//!
//! A client that keeps its connection may send the next request at the very moment at which the
//! server closes it, and would never know whether it was heard. So the end comes in three steps:
//! nobody new is let in; for a while every answer asks the client to leave (RFC 9112 §9.6); then
//! silent connections are closed, and requests under way are finished.

use std::net::{Shutdown as Half, TcpListener};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use actix_http::{ConnectionType, Response};
use actix_server::{Server, ServerHandle};
use socket2::SockRef;

use super::failure::Failure;
use super::shutdown::Shutdown;

/// How long a client with an open connection is given to send a request and be asked to leave.
const LEAVING: Duration = Duration::from_millis(300);

/// Whether clients are asked to leave.
#[derive(Debug, Clone, Default)]
pub(super) struct Ending(Arc<AtomicBool>);

impl Ending {
    /// Asks whoever reads this answer to leave, if the end has begun.
    pub(super) fn mark<B>(&self, mut response: Response<B>) -> Response<B> {
        if self.0.load(Ordering::Relaxed) {
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        response
    }
}

/// A listener at work. As a future it ends with its server.
pub struct Serving {
    server: Server,
    /// The server's own listener, by another descriptor.
    listener: TcpListener,
    ending: Ending,
}

impl Serving {
    pub(super) fn new(server: Server, listener: TcpListener, ending: Ending) -> Self {
        Self { server, listener, ending }
    }

    /// Stops the server, gracefully or at once.
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

/// What is left to do with a server that is run by somebody else.
struct End {
    server: ServerHandle,
    listener: Option<TcpListener>,
    ending: Ending,
}

impl End {
    async fn of(self) {
        self.ending.0.store(true, Ordering::Relaxed);
        self.server.pause().await;
        // Newcomers are turned away, not left waiting for somebody who will never come.
        if let Some(listener) = self.listener {
            // It can't fail but for a listener that is gone already.
            let _ = SockRef::from(&listener).shutdown(Half::Both);
        }
        tokio::time::sleep(LEAVING).await;
        self.server.stop(true).await;
    }
}

/// Runs `servers` until `shutdown` begins, then lets each finish what is under way.
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
