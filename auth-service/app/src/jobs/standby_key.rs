//! Makes the next standby key after the previous one began to sign, was revoked or lost its file.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::AppState;

/// The interval between checks for a standby key.
const CHECK_EVERY: Duration = Duration::from_millis(200);

/// The time after a failure until the next try.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// Keeps a standby key published until `shutdown` begins.
pub async fn run(app: Arc<AppState>, shutdown: impl Future<Output = ()>) {
    let mut shutdown = pin!(shutdown);
    let mut warned = false;
    loop {
        let mut pause = CHECK_EVERY;
        if app.rotator.lacks_standby(&app.keys.keys()) {
            match app.make_standby().await {
                Ok(()) => warned = false,
                Err(error) => {
                    pause = TRY_AGAIN;
                    if !warned {
                        tracing::error!(%error, "no standby key can be made: a rotation waits for one");
                        warned = true;
                    }
                }
            }
        }
        tokio::select! {
            () = sleep(pause) => {}
            () = &mut shutdown => return,
        }
    }
}
