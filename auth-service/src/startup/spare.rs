//! Makes the key pair that comes next, in the background: after the start, and whenever the last
//! one was taken.

use std::sync::Arc;
use std::time::Duration;

use signet_service::shutdown::Shutdown;
use tokio::time::sleep;

use auth_crypto::signing::{KeyRing, Rotator};

/// How often to look whether it was taken.
const LOOK: Duration = Duration::from_secs(1);

/// Looks until `shutdown` begins.
pub(super) async fn keep_ready(ring: Arc<KeyRing>, rotator: Rotator, shutdown: Shutdown) {
    let mut complained = false;
    while !shutdown.begun() {
        let (ring, rotator) = (ring.clone(), rotator.clone());
        let made = tokio::task::spawn_blocking(move || rotator.spares().ensure(&ring.keys())).await;
        match made {
            Ok(Err(error)) if !complained => {
                // Whoever rotates makes one on the spot.
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
