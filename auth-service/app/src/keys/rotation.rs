//! The rotation of the keys by an operator.

use std::sync::Arc;

use serde::Serialize;
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::ToSchema;

use super::follow;
use crate::AppState;
use crate::blocking;
use crate::error::AppError;
use auth_domain::audit::Act;
use auth_domain::keys::{Key, KeyPolicy, KeyState, lead_ends};

impl AppState {
    /// Publishes the next key, or makes it active at once. This server serves it before the result
    /// returns.
    ///
    /// # Errors
    ///
    /// [`Conflict::KeySetFull`](crate::error::Conflict::KeySetFull) if the key set holds as many
    /// keys as it may.
    pub async fn rotate_keys(&self, immediate: bool, act: Act) -> Result<Rotation, AppError> {
        let (rotator, keys) = (self.rotator.clone(), Arc::clone(&self.keys));
        // `run` stops waiting after a time-out, but its work goes on. A new pair may take longer.
        blocking::run_to_end(move || rotator.prepare(&keys.keys())).await?;
        let (rotator, keys) = (self.rotator.clone(), Arc::clone(&self.keys));
        let (by, now) = (act.by.id(), act.at);
        let rotated = self.run(move |store| {
            let rotated = rotator.rotate_keys(store, immediate, &act);
            // The upkeep logs a failure of `follow`.
            let _ = follow(&keys, store, now);
            rotated
        });
        let key = rotated.await?;
        let served = self.keys.keys().into_iter().find(|served| served.kid == key.kid);
        let key = served.unwrap_or(key);
        tracing::info!(by = by.map(display), kid = %key.kid, immediate, "an operator rotated the keys");
        Ok(Rotation::to(key, &self.keys.policy(), now))
    }
}

/// The key that signs next, or already.
#[derive(Serialize, ToSchema)]
pub struct Rotation {
    /// The next key's RFC 7638 thumbprint.
    pub kid: String,
    /// `pending` or `active`.
    pub state: KeyState,
    /// The time at which its lead is over; it waits longer for a guard that does not hold it.
    #[serde(with = "rfc3339")]
    pub signs_at: OffsetDateTime,
}

impl Rotation {
    /// Returns the rotation to this key, at the time `now`.
    pub fn to(key: Key, policy: &KeyPolicy, now: OffsetDateTime) -> Self {
        let signs_at = match lead_ends(&key, policy) {
            Some(at) => at,
            // A running server serves it within a moment.
            None if key.state == KeyState::Pending => now + policy.lead(),
            None => key.since,
        };
        Self { kid: key.kid, state: key.state, signs_at }
    }
}
