//! Makes the next key pair in the background: after the start, and each time a pair was taken.

use std::sync::Arc;
use std::time::Duration;

use signet_service::shutdown::Shutdown;
use tokio::time::sleep;

use auth_app::keys::Rotator;
use auth_crypto::signing::KeyRing;

/// The interval between checks for a spare pair.
const LOOK: Duration = Duration::from_secs(1);

/// Keeps a spare pair ready until `shutdown` begins.
pub(super) async fn keep_ready(ring: Arc<KeyRing>, rotator: Rotator, shutdown: Shutdown) {
    let mut complained = false;
    while !shutdown.begun() {
        let (ring, rotator) = (ring.clone(), rotator.clone());
        let made = tokio::task::spawn_blocking(move || rotator.ensure_spare(&ring.keys())).await;
        match made {
            Ok(Err(error)) if !complained => {
                // A rotation without a spare pair makes one itself.
                tracing::warn!(%error, "the next key pair could not be made ahead of need");
                complained = true;
            }
            Ok(Ok(_)) => complained = false,
            _ => {}
        }
        tokio::select! {
            () = sleep(LOOK) => {}
            () = shutdown.wait() => {}
        }
    }
}
