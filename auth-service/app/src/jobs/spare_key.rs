//! Makes the next key pair ahead of need: after the start, and each time a pair was taken.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::{AppState, blocking};

/// The interval between checks for a spare pair.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// Keeps a spare pair ready until `shutdown` begins.
pub async fn run(app: Arc<AppState>, shutdown: impl Future<Output = ()>) {
    let mut shutdown = pin!(shutdown);
    let mut warned = false;
    loop {
        let (keys, rotator) = (Arc::clone(&app.keys), app.rotator.clone());
        let made = blocking::run_to_end(move || Ok(rotator.ensure_spare(&keys.keys())?)).await;
        match made {
            Err(error) if !warned => {
                // A rotation without a spare pair makes one itself.
                tracing::warn!(%error, "the next key pair could not be made ahead of need");
                warned = true;
            }
            Err(_) => {}
            Ok(_) => warned = false,
        }
        tokio::select! {
            () = sleep(CHECK_EVERY) => {}
            () = &mut shutdown => return,
        }
    }
}
