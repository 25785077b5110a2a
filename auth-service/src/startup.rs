//! Builds the parts of the server and serves. Only this module knows all of them.

use std::future::Future;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use signet_contract::clock::Clock;
use signet_service::failure::Failure;
use signet_service::management::{self, Management};
use signet_service::shutdown::Shutdown;
use signet_service::{server, serving, shutdown};

use crate::settings::{Registration, Settings};
use auth_app::first_start::{self, FirstStart};
use auth_app::jobs::upkeep::{Retention, Upkeep};
use auth_app::jobs::{guard_records, standby_key};
use auth_app::keys::schedule_note;
use auth_crypto::signing::{KeyFiles, KeyRing};
use auth_domain::audit::Act;
use auth_http as http;
use auth_store::instance_lock::InstanceLock;
use auth_store::{self, Existence, Store};

mod issuer;
pub mod keys;
mod metrics;
mod readiness;

use readiness::UpkeepHealth;

/// The time to save the guards' last reports.
const LAST_SAVE: Duration = Duration::from_secs(1);

/// Serves until the process is told to end.
pub async fn serve(settings: Settings, clock: Arc<dyn Clock>) -> Result<(), Failure> {
    shutdown::ignore_other_signals().map_err(Failure::failed)?;
    let (trigger, shutdown) = shutdown::channel();
    tokio::spawn(trigger.fire_on_signal());
    // The task registers the signals before the work below blocks this thread.
    tokio::task::yield_now().await;
    check_keys(&settings)?;
    let (lock, [listener, management]) = reserve(&settings).await?;

    let store = open_store(&settings, &*clock)?;
    let rotator = keys::rotator(&settings);
    let first_start = FirstStart {
        store: &store,
        rotator: &rotator,
        keys_dir: &settings.keys_dir,
        key_bits: settings.key_bits,
        act: &Act::by_server(clock.now()),
    };
    for line in first_start.prepare_server().map_err(Failure::failed)? {
        tracing::info!("{line}");
    }
    let keys = open_keys(&settings, &store)?;
    tokio::task::yield_now().await;
    if shutdown.begun() {
        return Ok(());
    }
    let (app, edge) = issuer::of(&settings, Arc::clone(&store), keys, clock, shutdown.clone())?;
    let (app, edge) = (Arc::new(app), Arc::new(edge));

    let retention = Retention { feed: settings.feed_keep, audit: settings.audit_keep };
    let upkeep = Upkeep::new(&app, retention).map_err(Failure::failed)?;
    // These serve the requests of the drain, too.
    let (close, closed) = shutdown::channel();
    tokio::spawn(standby_key::run(Arc::clone(&app), begun(&closed)));
    let guard_records = tokio::spawn(guard_records::run(Arc::clone(&app), begun(&closed)));

    let requests = http::metrics().map_err(Failure::failed)?;
    let readiness = Arc::new(UpkeepHealth(upkeep.health()));
    let metrics =
        metrics::registry(&app, &store, upkeep.health(), &requests, Arc::clone(&readiness) as _);
    let state = Management { readiness, metrics: Arc::new(metrics), shutdown: shutdown.clone() };
    let management = management::serve(management, state).map_err(Failure::failed)?;
    let service =
        http::serve(listener, settings.keep_alive, app, edge, requests).map_err(Failure::failed)?;
    tokio::spawn(upkeep.run(begun(&closed)));
    tracing::info!(address = %settings.bind, issuer = %settings.issuer, "serving");
    if settings.registration == Registration::Open {
        // scripts/run moves this line to the end of its own text.
        tracing::warn!(
            "everyone who reaches this service can sign up; AUTH_REGISTRATION=off in .env stops it"
        );
    }
    let ended = tokio::select! {
        ended = serving::run_until(service, management, settings.drain, &shutdown) => ended,
        // Stop at once: the other server signs with keys that this one may not publish.
        why = lock.lost() => return Err(Failure::failed(why)),
    };
    close.fire();
    // An unreachable database does not delay the end.
    drop(tokio::time::timeout(LAST_SAVE, guard_records).await);
    let noted = tokio::task::spawn_blocking(move || store.note_service());
    if !matches!(tokio::time::timeout(LAST_SAVE, noted).await, Ok(Ok(Ok(())))) {
        tracing::warn!("the last feed position could not be saved");
    }
    tracing::info!("stopped");
    ended
}

/// Checks the database and the key files before anything is written: a refused start leaves all as
/// it was.
fn check_keys(settings: &Settings) -> Result<(), Failure> {
    let files = KeyFiles::in_folder(&settings.keys_dir);
    files.check_modes().map_err(Failure::failed)?;
    if let Some(kid) = check_new(settings)? {
        files.read(&kid).map_err(Failure::failed)?;
    }
    Ok(())
}

/// Checks the database, and the folders of a new one. Returns the thumbprint of the key that signs.
pub fn check_new(settings: &Settings) -> Result<Option<String>, Failure> {
    let active = auth_store::inspect(&settings.database).map_err(Failure::failed)?;
    if active.is_none() {
        first_start::check_folders(&settings.keys_dir).map_err(Failure::failed)?;
    }
    Ok(active)
}

/// Takes the instance lock and the two addresses. The lock comes first if a server may hold it: a
/// server that is ending releases its addresses with its lock. Otherwise the addresses come first: a
/// refusal then leaves no lock file.
async fn reserve(settings: &Settings) -> Result<(InstanceLock, [TcpListener; 2]), Failure> {
    let location = &settings.database;
    let bind = || {
        Ok::<_, Failure>([
            server::bind("AUTH_BIND", settings.bind)?,
            server::bind("AUTH_MANAGEMENT_BIND", settings.management_bind)?,
        ])
    };
    let bound = if InstanceLock::is_known(location) { None } else { Some(bind()?) };
    auth_store::make_folder(location).map_err(Failure::failed)?;
    let lock = InstanceLock::take(location).await.map_err(Failure::failed)?;
    let listeners = bound.map_or_else(bind, Ok)?;
    Ok((lock, listeners))
}

/// Opens the database.
fn open_store(settings: &Settings, clock: &dyn Clock) -> Result<Arc<Store>, Failure> {
    let opened = Store::open(&settings.database, Existence::Create, clock.now());
    let store = opened.map_err(Failure::failed)?;
    if store.begin_service(clock.now()).map_err(Failure::failed)? {
        tracing::info!(
            "this database was not served here before: the change feed begins anew, and every \
             earlier session has ended"
        );
    }
    Ok(store)
}

/// Opens the key ring, and removes the files of keys that never sign again.
fn open_keys(settings: &Settings, store: &Store) -> Result<Arc<KeyRing>, Failure> {
    let files = KeyFiles::in_folder(&settings.keys_dir);
    let records = store.list_keys().map_err(Failure::failed)?;
    let policy = keys::policy(settings);
    let note = schedule_note(&records, &policy);
    let ring = KeyRing::open(files, records, policy).map_err(Failure::failed)?;
    keys::rotator(settings).sweep(&ring.keys()).map_err(Failure::failed)?;
    tracing::info!("{note}");
    Ok(Arc::new(ring))
}

/// Returns a future that ends when the shutdown begins.
fn begun(shutdown: &Shutdown) -> impl Future<Output = ()> + use<> {
    let shutdown = shutdown.clone();
    async move { shutdown.wait().await }
}
