//! Builds the parts of the server and serves. Only this module knows all of them.

use std::sync::Arc;

use signet_contract::clock::Clock;
use signet_service::failure::Failure;
use signet_service::management::{self, Management};
use signet_service::{server, serving, shutdown};

use crate::settings::Settings;
use auth_app::first_start;
use auth_app::keys::Rotator;
use auth_crypto::signing::{KeyFiles, KeyRing};
use auth_domain::audit::Act;
use auth_http as http;
use auth_store::instance_lock::InstanceLock;
use auth_store::{self, Existence, Store};

mod guards;
mod health;
mod issuer;
mod key_lives;
mod key_policy;
mod schedule;
mod spare;
mod upkeep;

use key_lives::KeyLives;
pub use key_policy::key_policy;
pub use schedule::told as schedule_told;

/// Serves until the process is told to end.
pub async fn serve(settings: Settings, clock: Arc<dyn Clock>) -> Result<(), Failure> {
    let location = &settings.database;
    auth_store::make_folder(location).map_err(Failure::failed)?;
    // The lock comes first: a server that is ending releases its addresses with its lock.
    let lock = InstanceLock::take(location).await.map_err(Failure::failed)?;
    let listener = server::bind("AUTH_BIND", settings.bind)?;
    let management = server::bind("AUTH_MANAGEMENT_BIND", settings.management_bind)?;

    let database =
        Store::open(location, Existence::Create, clock.now()).map_err(Failure::failed)?;
    database.check().map_err(Failure::failed)?;
    if database.begin_service(clock.now()).map_err(Failure::failed)? {
        tracing::info!(
            "this database was not served here before: the change feed begins anew, \
             and no session of before is good any more"
        );
    }
    let act = Act::by_server(clock.now());
    let steps = first_start::prepare_server(&database, &settings.keys_dir, settings.key_bits, &act);
    for line in steps.map_err(Failure::failed)? {
        tracing::info!("{line}");
    }
    let files = KeyFiles::in_folder(&settings.keys_dir);
    files.check_modes().map_err(Failure::failed)?;
    let store: Arc<Store> = database.clone();
    let records = store.list_keys().map_err(Failure::failed)?;
    let keys = KeyRing::open(files, records, key_policy(&settings)).map_err(Failure::failed)?;
    let keys = Arc::new(keys);
    let rotator = Rotator::new(keys.files().clone(), settings.key_bits, keys.policy());
    rotator.sweep(&keys.keys()).map_err(Failure::failed)?;
    tracing::info!("{}", schedule::told(&keys.keys(), &keys.policy()));

    let mut metrics = management::registry();
    let guards = Arc::new(guards::load(&database, &clock, &mut metrics).map_err(Failure::failed)?);
    let lives = KeyLives::new(&database, &keys, &rotator, &guards, &mut metrics);
    let (upkeep, health) = upkeep::Upkeep::new(&database, lives, &settings, Arc::clone(&clock));
    upkeep.prepare().map_err(Failure::failed)?;
    let (trigger, shutdown) = shutdown::channel();
    tokio::spawn(spare::keep_ready(keys.clone(), rotator.clone(), shutdown.clone()));
    tokio::spawn(guards::write_down(
        guards.clone(),
        database.clone(),
        clock.clone(),
        shutdown.clone(),
    ));
    let (changed, ending) = (database.changed(), shutdown.clone());
    let parts = issuer::Parts { store, changed, keys, rotator, guards, clock };
    let (app, edge) = issuer::of(&settings, parts, ending)?;
    app.metrics.register(&mut metrics, &app.hashing);
    let management =
        management::serve(management, Management { readiness: health, metrics: Arc::new(metrics) })
            .map_err(Failure::failed)?;

    let service = http::serve(listener, Arc::new(app), Arc::new(edge)).map_err(Failure::failed)?;

    tokio::spawn(trigger.fire_on_signal());
    tokio::spawn(upkeep.run(shutdown.clone()));
    tracing::info!(address = %settings.bind, issuer = %settings.issuer, "serving");
    let ended = tokio::select! {
        ended = serving::run_until(vec![service, management], &shutdown) => ended,
        // Stop at once: the other server signs with keys that this one may not publish.
        why = lock.lost() => return Err(Failure::failed(why)),
    };
    if let Err(error) = database.note_service() {
        tracing::warn!(%error, "what was served could not be noted");
    }
    tracing::info!("stopped");
    ended
}
