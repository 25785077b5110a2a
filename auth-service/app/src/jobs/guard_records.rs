//! Saves the reports of the guards, for commands beside the server and for its next start.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::{AppState, blocking};

/// The pause after a write. It limits the rows written per second and guard, and the delay until a
/// command sees a confirmation.
const PAUSE: Duration = Duration::from_millis(50);

/// The longest time between two saves without news. A save also forgets absent guards.
const SAVE_EVERY: Duration = Duration::from_secs(2);

/// Saves the guards until `shutdown` begins, and once more then.
pub async fn run(app: Arc<AppState>, shutdown: impl Future<Output = ()>) {
    let mut shutdown = pin!(shutdown);
    let mut news = app.guards.news();
    let mut ending = false;
    loop {
        news.mark_unchanged();
        let saving = Arc::clone(&app);
        let save = move || Ok(saving.guards.save(&saving.store, saving.clock.now())?);
        let saved = blocking::run_to_end(save).await;
        // The next save includes them. Readiness reports an unreachable database.
        if let Err(error) = saved {
            tracing::debug!(%error, "the guards could not be saved");
        }
        if ending {
            return;
        }
        sleep(PAUSE).await;
        tokio::select! {
            biased;
            () = &mut shutdown => ending = true,
            _ = timeout(SAVE_EVERY, news.changed()) => {}
        }
    }
}
