//! A listener at work, and its end: nobody who was let in goes away without an answer.
//!
//! A client that keeps its connection may send the next request at the very moment at which the
//! server closes it, and would never know whether it was heard. So the end comes in three steps:
//! for a while every answer asks the client to leave (RFC 9112 §9.6); then nobody new is let in,
//! and those who wait at the door are; then silent connections are closed, and requests under way
//! are finished.

use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use actix_http::{ConnectionType, Response};
use actix_server::{Server, ServerHandle};

use super::failure::Failure;
use super::shutdown::Shutdown;

/// How long a client with an open connection is given to send a request and be asked to leave.
const LEAVING: Duration = Duration::from_millis(500);

/// How long it may take to let in whoever waits at the door.
const ENTERING: Duration = Duration::from_millis(200);

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
        tokio::time::sleep(LEAVING).await;
        if let Some(listener) = &self.listener {
            shut_the_door(listener);
        }
        tokio::time::sleep(ENTERING).await;
        self.server.stop(true).await;
    }
}

/// Lets nobody new come as far as the door. Whoever waits there when a listener is closed is reset;
/// whoever is turned away before that finds the port closed at the next try, a second later.
#[cfg(target_os = "linux")]
fn shut_the_door(listener: &TcpListener) {
    use socket2::{SockFilter, SockRef};

    // Classic BPF over the TCP header: a packet with SYN among its flags is dropped, any other is
    // taken whole.
    let no_syn = [
        SockFilter::new(0x30, 0, 0, 13),
        SockFilter::new(0x45, 0, 1, 0x02),
        SockFilter::new(0x06, 0, 0, 0),
        SockFilter::new(0x06, 0, 0, u32::MAX),
    ];
    if let Err(error) = SockRef::from(listener).attach_filter(&no_syn) {
        tracing::debug!(%error, "connections that come at the very end may be reset");
    }
}

/// Elsewhere connections that come at the very end may be reset.
#[cfg(not(target_os = "linux"))]
fn shut_the_door(_: &TcpListener) {}

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
