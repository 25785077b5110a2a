//! Connects the parts: only this module uses all of them.

use std::net::TcpListener;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{App, middleware};
use signet_contract::clock::SystemClock;
use signet_files::file_lock::FileLock;
use signet_guard::{Guard, GuardConfig};
use signet_service::failure::Failure;
use signet_service::http_metrics::HttpMetrics;
use signet_service::protection::protect;
use signet_service::request_context::{Proxies, with_context};
use signet_service::shutdown::{self, Shutdown, Trigger};
use signet_service::{management, server, serving};
use tokio::time::{Instant, interval, interval_at};

use crate::blocking::Blocking;
use crate::domain::visibility::Visibility;
use crate::http::{self, Api};
use crate::management as guard_management;
use crate::settings::Settings;
use crate::store::{PAGE_READERS, Replica};

/// The threads for the guard's tasks, which serve no requests.
const BACKGROUND_THREADS: usize = 2;

/// The interval of the checks for damage, and for the begin of service.
const LOOK: Duration = Duration::from_millis(500);

/// The shortest life of a process with a damaged replica. If a disk damages every replica, the
/// guard does not request the whole directory again and again without a pause.
const LEAST_LIFE: Duration = Duration::from_secs(5);

/// Serves until a signal, or until damage of the replica is found.
pub fn run(settings: Settings) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(BACKGROUND_THREADS)
        .enable_all()
        .build()
        .map_err(Failure::failed)?;
    let ended = runtime.block_on(serve(settings));
    // No important work is left, but a thread may hang in a read or a name look-up.
    runtime.shutdown_background();
    ended
}

async fn serve(settings: Settings) -> Result<(), Failure> {
    shutdown::ignore_other_signals().map_err(Failure::failed)?;
    let workers = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let config = guard_config(&settings)?;
    let (replica, [listener, operators]) = open(&settings, workers).await?;
    let (trigger, shutdown) = shutdown::channel();
    tokio::spawn(trigger.clone().fire_on_signal());

    let guard = Guard::start(config, replica.clone(), Arc::new(SystemClock))
        .await
        .map_err(Failure::failed)?;
    let api = Api {
        guard: guard.clone(),
        directory: replica.clone(),
        visibility: settings.user_list,
        blocking: Blocking::new(PAGE_READERS),
        issuer: settings.issuer,
        public_url: settings.public_url,
        cors_origins: settings.cors_origins.unwrap_or_default(),
        bad_rules: http::line_limit(),
    };
    // The bound address: with port 0 the system chooses a port.
    let clients_at = listener.local_addr().unwrap_or(settings.bind);
    let operators_at = operators.local_addr().unwrap_or(settings.management_bind);
    let requests = HttpMetrics::new(http::OPENAPI, &[]).map_err(Failure::failed)?;
    let counting = requests.clone();
    let proxies = Proxies::new(settings.trusted_proxies.unwrap_or_default(), "API_TRUSTED_PROXIES");
    let clients = server::serve(listener, Some(workers), settings.keep_alive, move || {
        let (counting, proxies) = (counting.clone(), proxies.clone());
        let context = move |request, next| with_context(proxies.clone(), request, next);
        App::new()
            .wrap(middleware::from_fn(protect))
            .wrap_fn(move |request, next| counting.measure(request, next))
            .wrap(middleware::from_fn(context))
            .configure(http::routes(api.clone()))
    })
    .map_err(Failure::failed)?;
    let management = management::serve_with(
        operators,
        guard_management::management(&guard, &requests, shutdown.clone()),
        guard_management::routes(guard.clone()),
    )
    .map_err(Failure::failed)?;
    tracing::info!(
        clients = %clients_at, operators = %operators_at,
        replica = %settings.database.display(), "api-service is up"
    );
    if settings.user_list == Visibility::Everyone {
        tokio::spawn(warn_of_open_list(guard.clone()));
    }
    let damaged = tokio::spawn(end_if_damaged(trigger, shutdown.clone(), replica, guard.clone()));
    let ended = serving::run_until(clients, management, settings.drain, &shutdown).await;
    guard.stop().await;
    tracing::info!("stopped");
    ended?;
    match damaged.await {
        Ok(true) => Err(Failure::failed("the replica is damaged; the next start builds a new one")),
        _ => Ok(()),
    }
}

/// Warns, after the first lines of the start, that every account can read all others.
async fn warn_of_open_list(guard: Guard) {
    let mut looks = interval(LOOK);
    while !guard.status().serving {
        looks.tick().await;
    }
    // scripts/run moves this line to the end of its own text.
    tracing::warn!(
        "every account can read all names and addresses; API_USER_LIST=admin in .env stops it"
    );
}

/// Starts the shutdown if the replica is damaged and the issuer can fill a new one. Without the
/// issuer, a partly readable replica is better than none. Returns true if it did.
async fn end_if_damaged(
    trigger: Trigger,
    shutdown: Shutdown,
    replica: Arc<Replica>,
    guard: Guard,
) -> bool {
    let damaged = async {
        let mut looks = interval_at(Instant::now() + LEAST_LIFE, LOOK);
        loop {
            looks.tick().await;
            if replica.damaged() && guard.status().feed.caught_up {
                return;
            }
        }
    };
    tokio::select! {
        () = shutdown.wait() => false,
        () = damaged => {
            trigger.fire();
            true
        }
    }
}

/// Takes the addresses and opens the replica, which may create it again: a refused start leaves it as
/// it was. The lock comes first if a process may hold it: an ending process releases its addresses
/// together with its lock. Otherwise the addresses come first: a refusal then leaves no lock file.
async fn open(
    settings: &Settings,
    workers: usize,
) -> Result<(Arc<Replica>, [TcpListener; 2]), Failure> {
    let path = settings.database.clone();
    let (clients, operators) = (settings.bind, settings.management_bind);
    let bind = move || {
        Ok::<_, Failure>([
            server::bind("API_BIND", clients)?,
            server::bind("API_MANAGEMENT_BIND", operators)?,
        ])
    };
    let opened = tokio::task::spawn_blocking(move || {
        let bound = if FileLock::is_known(&path) { None } else { Some(bind()?) };
        let lock = Replica::lock(&path).map_err(Failure::failed)?;
        let listeners = bound.map_or_else(bind, Ok)?;
        let replica = Replica::open_locked(&path, workers, lock).map_err(Failure::failed)?;
        Ok((Arc::new(replica), listeners))
    });
    opened.await.map_err(Failure::failed)?
}

fn guard_config(settings: &Settings) -> Result<GuardConfig, Failure> {
    Ok(GuardConfig {
        issuer: settings.issuer.clone(),
        auth_url: settings.reached_at().map_err(Failure::failed)?,
        audiences: settings.audiences.clone(),
        client_id: settings.client_id.clone(),
        client_secret_file: settings.client_secret_file.clone(),
        leeway: settings.clock_leeway,
        max_token_life: settings.max_token_life,
        max_staleness: settings.max_staleness,
        allow_http: settings.allow_http.clone().unwrap_or_default(),
    })
}
