//! The revocation of keys by an operator, and the receipts of the guards.

use std::sync::Arc;
use std::thread::park_timeout;
use std::time::Duration;

use signet_contract::clock::Clock;
use tokio::time::Instant;

use super::{Revoked, Rotator, follow};
use crate::error::AppError;
use crate::{AppState, blocking};
use auth_domain::audit::Act;
use auth_domain::guards::{Receipt, receipts};
use auth_store::Store;

/// The longest time for which a command waits for confirmations.
pub const CONFIRMATION_PATIENCE: Duration = Duration::from_secs(5);

/// The longest time to the result in a server: the request is answered within 5 s.
const REQUEST_PATIENCE: Duration = Duration::from_millis(4_700);

/// The interval at which a command reads the confirmations that the server saves.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// The keys that one revocation voided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokedKeys {
    /// The thumbprints of the void keys.
    pub kids: Vec<String>,
    /// The key that signs now.
    pub active: String,
    /// The receipts of the live guards.
    pub receipts: Vec<Receipt>,
    /// True if the server may lack the file of the key that signs now; see [`Revoked::elsewhere`].
    pub elsewhere: bool,
}

/// The keys to revoke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The key with this thumbprint.
    Key(String),
    /// Every published key, and the pairs that are not published yet.
    All,
}

impl Target {
    fn revoke(&self, rotator: &Rotator, store: &Store, act: &Act) -> Result<Revoked, AppError> {
        match self {
            Self::Key(kid) => rotator.revoke_key(store, kid, act),
            Self::All => rotator.revoke_all_keys(store, act),
        }
    }
}

impl AppState {
    /// Revokes keys and every token that they signed. Waits until every live guard has confirmed it,
    /// at most until [`REQUEST_PATIENCE`] after `received_at`, the time of the request.
    ///
    /// # Errors
    ///
    /// [`Entity::Key`](crate::error::Entity::Key) is not found.
    pub async fn revoke_keys(
        &self,
        target: Target,
        act: Act,
        received_at: Instant,
    ) -> Result<RevokedKeys, AppError> {
        let (rotator, keys) = (self.rotator.clone(), Arc::clone(&self.keys));
        let (by, makes_pair) = (act.by.id(), target == Target::All);
        let revoke = move |store: &Store| {
            let revoked = target.revoke(&rotator, store, &act);
            // The upkeep logs a failure of `follow`.
            let _ = follow(&keys, store, act.at);
            revoked
        };
        let revoked = if makes_pair {
            // A new pair may take longer than an answer of the database.
            let store = Arc::clone(&self.store);
            blocking::run_to_end(move || revoke(&store)).await
        } else {
            self.run(revoke).await
        };
        let Revoked { kids, seq, active, elsewhere } = revoked?;
        for kid in &kids {
            tracing::warn!(by = by.as_ref().map(display), %kid, %active, "an operator revoked a key");
        }
        let patience = REQUEST_PATIENCE.saturating_sub(received_at.elapsed());
        let receipts = self.guards.confirmed(seq, patience, &*self.clock).await;
        Ok(RevokedKeys { kids, active, receipts, elsewhere })
    }
}

/// Revokes keys and every token that they signed, beside a server. Waits until every live guard has
/// confirmed it, at most for [`CONFIRMATION_PATIENCE`].
///
/// # Errors
///
/// [`Entity::Key`](crate::error::Entity::Key) is not found.
pub fn revoke_keys(
    rotator: &Rotator,
    store: &Store,
    target: &Target,
    act: &Act,
    clock: &dyn Clock,
) -> Result<RevokedKeys, AppError> {
    let Revoked { kids, seq, active, elsewhere } = target.revoke(rotator, store, act)?;
    let began = Instant::now();
    loop {
        let receipts = receipts(&store.list_guards(clock.now())?, seq);
        let confirmed = receipts.iter().all(|receipt| receipt.confirmed_at.is_some());
        if confirmed || began.elapsed() >= CONFIRMATION_PATIENCE {
            return Ok(RevokedKeys { kids, active, receipts, elsewhere });
        }
        park_timeout(POLL_INTERVAL);
    }
}
