//! Listeners: bound before the service starts, and limited in time.

use std::fmt::Debug;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::time::Duration;

use actix_http::error::DispatchError;
use actix_http::{HttpService, Request, Response};
use actix_server::Server;
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, apply_fn_factory, fn_service,
    map_config,
};
use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::AppConfig;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpStream;

use super::connection::Connection;
use super::deadline::within;
use super::descriptors;
use super::exchange::{Exchange, SLICE};
use super::failure::Failure;
use super::serving::{Ending, Serving};

/// The time for the first byte of a connection. Browsers close a connection that they opened in
/// advance after 10 s, so they close it first. If silent connections fill a small process, all
/// other clients wait for this time.
const FIRST_BYTE: Duration = Duration::from_secs(12);

/// The time for the head of the first request, from its first byte on.
const FIRST_HEAD: Duration = Duration::from_secs(5);

/// The time in which a client must close its side of a finished connection.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The time for current requests after the drain, in seconds. With the drain and 3 s for the other
/// steps of a shutdown, it is the `stop_grace_period` of the compose file.
const SHUTDOWN_SECONDS: u64 = 10;

/// The number of connections that can wait to be accepted.
pub(super) const BACKLOG: i32 = 1_024;

/// The bytes of responses that the kernel buffers for a connection before it can send them.
#[cfg(target_os = "linux")]
const UNSENT: u32 = 64 * 1024;

/// Binds `address`, the value of `setting`.
pub fn bind(setting: &str, address: SocketAddr) -> Result<TcpListener, Failure> {
    listen(address).map_err(|error| {
        let why = match error.kind() {
            std::io::ErrorKind::AddrInUse => "another process listens there already".to_owned(),
            _ => error.to_string(),
        };
        Failure::failed(format_args!("{setting}: can't listen on {address}: {why}"))
    })
}

/// Binds as `TcpListener::bind` does, with a longer queue.
fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    // Accepted connections inherit the value. Linux has a default of 4 MiB for each slow reader.
    #[cfg(target_os = "linux")]
    socket.set_tcp_notsent_lowat(UNSENT)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Serves `app` on `listener`, with `workers` threads, or one for each core. An idle connection is
/// kept for `keep_alive` after an answer. [`Shutdown`](super::shutdown::Shutdown) handles the
/// signals.
///
/// It does the work of `HttpServer`, with a [`Connection`] instead of the plain stream.
pub fn serve<F, I, S, B>(
    listener: TcpListener,
    workers: Option<usize>,
    keep_alive: Duration,
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
    let stopped = builder.graceful_shutdown_signal();
    let same_listener = listener.try_clone()?;
    let ending = Ending::default();
    let leaving = ending.clone();
    let builder = builder.listen("http", listener, move || {
        let stopped = stopped.clone();
        let last_call = move || {
            let stopped = stopped.clone();
            async move { stopped.notified().await }
        };
        let leaving = leaving.clone();
        let app = app().into_factory().map_err(Into::<Error>::into);
        let app = apply_fn_factory(app, move |mut request: Request, app| {
            let exchange = Exchange::begin(&mut request);
            let answer = Service::<Request>::call(app, request);
            let leaving = leaving.clone();
            async move {
                let response = match answer.await {
                    Ok(response) => response.into().map_into_boxed_body(),
                    Err(error) => error.error_response().into(),
                };
                Ok::<_, Error>(exchange.end(response, leaving.begun()))
            }
        });
        let http = HttpService::build()
            .graceful_shutdown_signal(last_call.clone())
            .client_request_timeout(FIRST_HEAD)
            .client_disconnect_timeout(DISCONNECT_TIMEOUT)
            .keep_alive(keep_alive)
            .h1_write_buffer_size(SLICE)
            .on_connect_ext(|connection: &Connection<TcpStream>, data| {
                data.insert(connection.activity());
            })
            .h1(map_config(app, |()| AppConfig::default()));
        fn_service(move |stream: TcpStream| {
            let last_call = last_call();
            async move {
                first_byte(&stream, last_call).await?;
                let peer = stream.peer_addr().ok();
                // A response is written at once, so a delay to collect more bytes is of no use.
                drop(stream.set_nodelay(true));
                Ok((Connection::new(stream), peer))
            }
        })
        .and_then(http)
    })?;
    Ok(Serving::new(builder.run(), same_listener, ending))
}

/// Waits for the first byte from the client. A connection that was opened in advance is closed
/// without a response: a client would use it as the response to its next request.
async fn first_byte(
    stream: &TcpStream,
    last_call: impl Future<Output = ()>,
) -> Result<(), DispatchError> {
    let mut byte = [0];
    tokio::select! {
        biased;
        // `readable` may complete without a byte.
        peeked = within(FIRST_BYTE, stream.peek(&mut byte)) => match peeked {
            Some(peeked) => peeked.map(drop).map_err(DispatchError::Io),
            None => Err(DispatchError::DisconnectTimeout),
        },
        () = last_call => Err(DispatchError::DisconnectTimeout),
    }
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
