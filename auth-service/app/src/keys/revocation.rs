//! The revocation of a key by an operator, and the receipts of the guards.

use std::sync::Arc;
use std::thread::park_timeout;
use std::time::Duration;

use signet_contract::clock::Clock;
use tokio::time::Instant;

use super::{Revoked, Rotator, follow};
use crate::AppState;
use crate::error::AppError;
use auth_domain::audit::Act;
use auth_domain::guards::{Receipt, receipts};
use auth_store::Store;

/// The longest time for which a command waits for confirmations.
pub const CONFIRMATION_PATIENCE: Duration = Duration::from_secs(5);

/// The longest time to the result in a server: the request is answered within 5 s.
const REQUEST_PATIENCE: Duration = Duration::from_millis(4_700);

/// The interval at which a command reads the confirmations that the server saves.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A revoked key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokedKey {
    /// The revoked key.
    pub kid: String,
    /// The key that signs now.
    pub active: String,
    /// The receipts of the live guards.
    pub receipts: Vec<Receipt>,
}

impl AppState {
    /// Revokes a key and every token that it signed. Waits until every live guard has confirmed it,
    /// at most until [`REQUEST_PATIENCE`] after `received_at`, the time of the request.
    ///
    /// # Errors
    ///
    /// [`Entity::Key`](crate::error::Entity::Key) is not found.
    pub async fn revoke_key(
        &self,
        kid: String,
        act: Act,
        received_at: Instant,
    ) -> Result<RevokedKey, AppError> {
        let (rotator, keys) = (self.rotator.clone(), Arc::clone(&self.keys));
        let (by, revoked_kid) = (act.by.id(), kid.clone());
        let revoked = self.run(move |store| {
            let revoked = rotator.revoke_key(store, &revoked_kid, &act);
            // The upkeep logs a failure of `follow`.
            let _ = follow(&keys, store, act.at);
            revoked
        });
        let Revoked { seq, active } = revoked.await?;
        tracing::warn!(by = by.map(display), %kid, %active, "an operator revoked a key");
        let patience = REQUEST_PATIENCE.saturating_sub(received_at.elapsed());
        let receipts = self.guards.confirmed(seq, patience, &*self.clock).await;
        Ok(RevokedKey { kid, active, receipts })
    }
}

/// Revokes a key and every token that it signed, beside a server. Waits until every live guard has
/// confirmed it, at most for [`CONFIRMATION_PATIENCE`].
///
/// # Errors
///
/// [`Entity::Key`](crate::error::Entity::Key) is not found.
pub fn revoke_key(
    rotator: &Rotator,
    store: &Store,
    kid: String,
    act: &Act,
    clock: &dyn Clock,
) -> Result<RevokedKey, AppError> {
    let Revoked { seq, active } = rotator.revoke_key(store, &kid, act)?;
    let began = Instant::now();
    loop {
        let receipts = receipts(&store.list_guards(clock.now())?, seq);
        let confirmed = receipts.iter().all(|receipt| receipt.confirmed_at.is_some());
        if confirmed || began.elapsed() >= CONFIRMATION_PATIENCE {
            return Ok(RevokedKey { kid, active, receipts });
        }
        park_timeout(POLL_INTERVAL);
    }
}
