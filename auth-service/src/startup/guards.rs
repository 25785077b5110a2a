//! Writes down what the guards say, for commands beside the server and for its next start.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::registry::Registry;
use signet_contract::clock::Clock;
use signet_service::shutdown::Shutdown;
use tokio::time::{sleep, timeout};

use auth_domain::error::StoreResult;
use auth_domain::guards::GuardStore;
use auth_http::Guards;
use auth_store::Database;

/// The pause after writing: while guards confirm change after change, this many rows a second and
/// guard are written at most, and a command sees a confirmation this late at most.
const PAUSE: Duration = Duration::from_millis(50);

/// How often to look who is still there, if nobody says anything new.
const LOOK: Duration = Duration::from_secs(2);

/// The guards that the last run wrote down: those whose calls were cut off a moment ago count.
pub(super) fn load(
    database: &Database,
    clock: &Arc<dyn Clock>,
    metrics: &mut Registry,
) -> StoreResult<Guards> {
    let guards = Guards::new(database.list_guards(clock.now())?);
    guards.register(metrics);
    Ok(guards)
}

/// Writes until `shutdown` begins, and once more then.
pub(super) async fn write_down(
    guards: Arc<Guards>,
    database: Arc<Database>,
    clock: Arc<dyn Clock>,
    shutdown: Shutdown,
) {
    let mut news = guards.news();
    loop {
        news.mark_unchanged();
        let ending = shutdown.begun();
        let (guards, database, now) = (guards.clone(), database.clone(), clock.now());
        let saved = tokio::task::spawn_blocking(move || guards.save(&*database, now)).await;
        // It is written the next time; the readiness tells of a database that is gone.
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
