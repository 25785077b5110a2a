//! Makes the next standby key after the previous one began to sign, was revoked or lost its file.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::AppState;
use crate::error::AppError;

/// The interval between checks for a standby key.
const CHECK_EVERY: Duration = Duration::from_millis(200);

/// The time after a failure until the next try.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// Keeps a standby key published until `shutdown` begins.
pub async fn run(app: Arc<AppState>, shutdown: impl Future<Output = ()>) {
    let mut shutdown = pin!(shutdown);
    let mut warned = false;
    loop {
        let made = ensure(&app).await;
        if let Err(error) = &made
            && !warned
        {
            tracing::error!(%error, "no standby key can be made; a rotation and a revocation wait for one");
        }
        warned = made.is_err();
        let pause = if warned { TRY_AGAIN } else { CHECK_EVERY };
        tokio::select! {
            () = sleep(pause) => {}
            () = &mut shutdown => return,
        }
    }
}

async fn ensure(app: &AppState) -> Result<(), AppError> {
    let lacks_standby = || app.rotator.lacks_standby(&app.keys.keys());
    if !lacks_standby() {
        return Ok(());
    }
    app.make_standby().await?;
    if lacks_standby() {
        return Err(AppError::internal("AUTH_KEYS_DIR lacks the file of the active key"));
    }
    Ok(())
}
