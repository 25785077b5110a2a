//! Puts the parts together: the only place that knows all of them.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{App, middleware, web};
use signet_contract::clock::SystemClock;
use signet_guard::{Guard, GuardConfig};
use signet_service::failure::Failure;
use signet_service::protection::protect;
use signet_service::shutdown::{self, Shutdown, Trigger};
use signet_service::{management, server, serving};
use tokio::time::{Instant, interval_at};

use crate::blocking::Blocking;
use crate::http::{self, Api};
use crate::management as guard_management;
use crate::settings::Settings;
use crate::store::{PAGE_READERS, Replica};

/// Threads for what is no request: the guard's tasks.
const BACKGROUND_THREADS: usize = 2;

/// The interval of looks at the replica.
const LOOK: Duration = Duration::from_millis(500);

/// The least life of a process with a damaged replica: on a disk that damages every replica, the
/// issuer is not asked for the whole directory without a pause.
const LEAST_LIFE: Duration = Duration::from_secs(5);

/// Serves until a signal, or until the replica turns out to be damaged.
pub fn run(settings: Settings) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(BACKGROUND_THREADS)
        .enable_all()
        .build()
        .map_err(Failure::failed)?;
    let ended = runtime.block_on(serve(settings));
    // Nothing is left that matters, but a thread may hang in a read or a name look-up.
    runtime.shutdown_background();
    ended
}

async fn serve(settings: Settings) -> Result<(), Failure> {
    // The replica first: a process that is just ending gives up its addresses with its lock.
    let workers = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let replica = open(&settings, workers).await?;
    let listener = server::bind("API_BIND", settings.bind)?;
    let operators = server::bind("API_MANAGEMENT_BIND", settings.management_bind)?;
    let (trigger, shutdown) = shutdown::channel();
    tokio::spawn(trigger.clone().fire_on_signal());

    let guard = Guard::start(guard_config(&settings)?, replica.clone(), Arc::new(SystemClock))
        .await
        .map_err(Failure::failed)?;
    let api = Api {
        guard: guard.clone(),
        directory: replica.clone(),
        visibility: settings.user_list,
        blocking: Blocking::new(PAGE_READERS),
        issuer: settings.issuer,
        public_url: settings.public_url,
    };
    // As bound: an address with port 0 gets a port of the system's choice.
    let clients_at = listener.local_addr().unwrap_or(settings.bind);
    let operators_at = operators.local_addr().unwrap_or(settings.management_bind);
    let openapi = web::Bytes::from(http::openapi().map_err(Failure::failed)?);
    let clients = server::serve(listener, Some(workers), move || {
        App::new()
            .wrap(middleware::from_fn(protect))
            .configure(http::routes(api.clone(), openapi.clone()))
    })
    .map_err(Failure::failed)?;
    let management = management::serve_with(
        operators,
        guard_management::management(&guard),
        guard_management::routes(guard.clone()),
    )
    .map_err(Failure::failed)?;
    tracing::info!(
        clients = %clients_at, operators = %operators_at,
        replica = %settings.database.display(), "api-service is up"
    );
    let damaged = tokio::spawn(end_if_damaged(trigger, shutdown.clone(), replica, guard.clone()));
    let ended = serving::run_until(vec![clients, management], &shutdown).await;
    guard.stop().await;
    tracing::info!("stopped");
    ended?;
    match damaged.await {
        Ok(true) => Err(Failure::failed("the replica is damaged; the next start builds a new one")),
        _ => Ok(()),
    }
}

/// Begins the shutdown when the replica is damaged and the issuer is there to fill a new one: without
/// the issuer, a replica that can still be read in part is better than none. Returns whether it did.
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

async fn open(settings: &Settings, workers: usize) -> Result<Arc<Replica>, Failure> {
    let path = settings.database.clone();
    tokio::task::spawn_blocking(move || Replica::open(&path, workers))
        .await
        .map_err(Failure::failed)?
        .map(Arc::new)
        .map_err(Failure::failed)
}

fn guard_config(settings: &Settings) -> Result<GuardConfig, Failure> {
    Ok(GuardConfig {
        issuer: settings.issuer.clone(),
        auth_url: settings.reached_at().map_err(Failure::failed)?,
        audience: settings.audience.clone(),
        client_id: settings.client_id.clone(),
        client_secret_file: settings.client_secret_file.clone(),
        leeway: settings.clock_leeway,
        max_token_life: settings.max_token_life,
        max_staleness: settings.max_staleness,
        allow_http: settings.allow_http.clone().unwrap_or_default(),
    })
}
