//! Listeners: bound before anything is promised, bounded in time.

use std::fmt::Debug;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::time::Duration;

use actix_http::{HttpService, Request, Response};
use actix_server::Server;
use actix_service::{
    IntoServiceFactory, ServiceFactory, ServiceFactoryExt, fn_service, map_config,
};
use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::AppConfig;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpStream;

use super::connection::Connection;
use super::descriptors;
use super::failure::Failure;
use super::serving::{Ending, Serving};
use super::settings::Setting;

/// How long an idle connection is kept, and one of which no request has come. The latter has less
/// time as long as this machine keeps up: see [`Connection`].
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// How long a client may take to end its side of a connection that is over.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long requests under way may take after a shutdown began, in seconds. An orchestrator that
/// kills after ten never has to.
const SHUTDOWN_SECONDS: u64 = 8;

/// How many connections may wait to be accepted.
const BACKLOG: i32 = 1_024;

/// Binds `address`, which `setting` names.
pub fn bind(setting: &Setting, address: SocketAddr) -> Result<TcpListener, Failure> {
    listen(address).map_err(|error| {
        let why = match error.kind() {
            std::io::ErrorKind::AddrInUse => "another process listens there already".to_owned(),
            _ => error.to_string(),
        };
        Failure::failed(format_args!("{}: can't listen on {address}: {why}", setting.name))
    })
}

/// As `TcpListener::bind`, with a longer queue.
fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Serves `app` on `listener`, on as many threads as `workers` says, or one per core. Signals are
/// left to [`Shutdown`](super::shutdown::Shutdown).
///
/// It is what `HttpServer` does, over a [`Connection`] instead of the bare stream.
pub fn serve<F, I, S, B>(
    listener: TcpListener,
    workers: Option<usize>,
    app: F,
) -> std::io::Result<Serving>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<Error> + 'static,
    S::InitError: Debug,
    S::Response: Into<Response<B>> + 'static,
    B: MessageBody + 'static,
{
    let workers = workers
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, NonZeroUsize::get));
    let builder = Server::build()
        .workers(workers)
        .max_concurrent_connections(descriptors::connections_per_thread(workers))
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .disable_signals();
    let last_call = builder.graceful_shutdown_signal();
    let same_listener = listener.try_clone()?;
    let ending = Ending::default();
    let asked_to_leave = ending.clone();
    let builder = builder.listen("http", listener, move || {
        let last_call = last_call.clone();
        let asked_to_leave = asked_to_leave.clone();
        let app = app()
            .into_factory()
            .map_err(|error| error.into().error_response())
            .map(move |response: S::Response| asked_to_leave.mark(response.into()));
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let last_call = last_call.clone();
                async move { last_call.notified().await }
            })
            .client_request_timeout(KEEP_ALIVE)
            .client_disconnect_timeout(DISCONNECT_TIMEOUT)
            .keep_alive(KEEP_ALIVE)
            .h1(map_config(app, |()| AppConfig::default()));
        fn_service(async |stream: TcpStream| {
            let peer = stream.peer_addr().ok();
            // An answer is written at once, so there is nothing to wait and gather for.
            drop(stream.set_nodelay(true));
            Ok((Connection::new(stream), peer))
        })
        .and_then(http)
    })?;
    Ok(Serving::new(builder.run(), same_listener, ending))
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
