//! Makes the next standby key after the previous one began to sign, was revoked or lost its file.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::AppState;

/// The interval between quick looks.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// The interval between checks of the standby key's file, and between two tries after a failure.
const CHECK_EVERY: Duration = Duration::from_secs(5);

/// Keeps a usable standby key published until `shutdown` begins.
pub async fn run(app: Arc<AppState>, shutdown: impl Future<Output = ()>) {
    let mut shutdown = pin!(shutdown);
    let (mut warned, mut checked_at) = (false, None::<Instant>);
    loop {
        let lacks_standby = || app.rotator.lacks_standby(&app.keys.keys());
        let old = checked_at.is_none_or(|at| at.elapsed() >= CHECK_EVERY);
        if old || (lacks_standby() && !warned) {
            checked_at = Some(Instant::now());
            let made = app.make_standby().await;
            let failed = made.is_err() || lacks_standby();
            if failed && !warned {
                let error = made.err().map_or_else(
                    || {
                        "AUTH_KEYS_DIR lacks the file of the active key, or the key set is full"
                            .into()
                    },
                    |error| error.to_string(),
                );
                tracing::error!(error, "no standby key can be made; rotations wait for one");
            }
            warned = failed;
        }
        tokio::select! {
            () = sleep(LOOK_EVERY) => {}
            () = &mut shutdown => return,
        }
    }
}
