//! Listeners: bound before anything is promised, bounded in time, stopped in order.

use std::fmt::Debug;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, Server, ServiceFactory};
use actix_web::{Error, HttpServer};

use super::failure::Failure;
use super::settings::Setting;
use super::shutdown::Shutdown;

/// How long a client may take to send a request's head.
const REQUEST_HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an idle connection is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// How long requests under way may take after a shutdown began, in seconds. An orchestrator that
/// kills after ten never has to.
const SHUTDOWN_SECONDS: u64 = 8;

/// Binds `address`, which `setting` names.
pub fn bind(setting: &Setting, address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).map_err(|error| {
        let why = match error.kind() {
            std::io::ErrorKind::AddrInUse => "another process listens there already".to_owned(),
            _ => error.to_string(),
        };
        Failure::failed(format_args!("{}: can't listen on {address}: {why}", setting.name))
    })
}

/// Gives `server` the bounds that every listener has. Signals are left to [`Shutdown`].
pub fn bounded<F, I, S, B>(server: HttpServer<F, I, S, B>) -> HttpServer<F, I, S, B>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: actix_service::IntoServiceFactory<S, actix_http::Request>,
    S: ServiceFactory<actix_http::Request, Config = AppConfig> + 'static,
    S::Error: Into<Error> + 'static,
    S::InitError: Debug,
    S::Response: Into<actix_http::Response<B>> + 'static,
    B: MessageBody + 'static,
{
    server
        .client_request_timeout(REQUEST_HEAD_TIMEOUT)
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .disable_signals()
}

/// Runs `servers` until `shutdown` begins, then lets each finish what is under way.
pub async fn run_until(servers: Vec<Server>, shutdown: &Shutdown) -> Result<(), Failure> {
    let stops: Vec<_> = servers.iter().map(Server::handle).collect();
    let running = futures_util::future::try_join_all(servers);
    tokio::pin!(running);
    tokio::select! {
        ended = &mut running => return ended.map(drop).map_err(Failure::failed),
        () = shutdown.wait() => {}
    }
    let stopping = futures_util::future::join_all(stops.iter().map(|stop| stop.stop(true)));
    let (_, ended) = tokio::join!(stopping, running);
    ended.map(drop).map_err(Failure::failed)
}
