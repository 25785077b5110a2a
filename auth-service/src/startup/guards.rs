//! Saves the reports of the guards, for commands beside the server and for its next start.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::registry::Registry;
use signet_contract::clock::Clock;
use signet_service::shutdown::Shutdown;
use tokio::time::{sleep, timeout};

use auth_app::guards::Guards;
use auth_store::Store;
use auth_store::StoreResult;

/// The pause after a write. It limits the rows written per second and guard, and the delay until a
/// command sees a confirmation.
const PAUSE: Duration = Duration::from_millis(50);

/// The longest time between two saves without news. A save also forgets absent guards.
const LOOK: Duration = Duration::from_secs(2);

/// Loads the guards that the last run saved. A guard with a recently cut call still counts.
pub(super) fn load(
    database: &Store,
    clock: &Arc<dyn Clock>,
    metrics: &mut Registry,
) -> StoreResult<Guards> {
    let guards = Guards::new(database.list_guards(clock.now())?);
    guards.register(metrics);
    Ok(guards)
}

/// Saves the guards until `shutdown` begins, and once more then.
pub(super) async fn write_down(
    guards: Arc<Guards>,
    database: Arc<Store>,
    clock: Arc<dyn Clock>,
    shutdown: Shutdown,
) {
    let mut news = guards.news();
    loop {
        news.mark_unchanged();
        let ending = shutdown.begun();
        let (guards, database, now) = (guards.clone(), database.clone(), clock.now());
        let saved = tokio::task::spawn_blocking(move || guards.save(&database, now)).await;
        // The next write includes it. Readiness reports an unreachable database.
        if let Ok(Err(error)) = saved {
            tracing::debug!(%error, "the guards could not be written down");
        }
        if ending {
            return;
        }
        sleep(PAUSE).await;
        tokio::select! {
            _ = timeout(LOOK, news.changed()) => {}
            () = shutdown.wait() => {}
        }
    }
}
