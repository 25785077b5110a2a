//! The rotation of the keys by an operator.

use std::sync::Arc;

use serde::Serialize;
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::ToSchema;

use super::{Rotator, follow};
use crate::AppState;
use crate::blocking;
use crate::error::AppError;
use auth_domain::audit::Act;
use auth_domain::keys::{Key, KeyPolicy, KeyState, Timers, rotation_at};
use auth_store::Store;

impl AppState {
    /// Makes the standby key active if it is ripe, or with `immediate`; otherwise schedules that.
    /// This server signs with it before the result returns.
    ///
    /// # Errors
    ///
    /// [`Conflict::KeySetFull`](crate::error::Conflict::KeySetFull) if the key set has no room for
    /// the next standby key.
    pub async fn rotate_keys(&self, immediate: bool, act: Act) -> Result<Rotation, AppError> {
        // `run` stops waiting after a time-out, but its work goes on. A new pair may take longer.
        self.make_standby().await?;
        let (rotator, keys) = (self.rotator.clone(), Arc::clone(&self.keys));
        let (guards, timers) = (self.guards.list(act.at), self.key_timers());
        let (by, now) = (act.by.id(), act.at);
        let rotated = self.run(move |store| {
            let rotated = rotator.rotate_keys(store, &guards, &timers, immediate, &act);
            // The upkeep logs a failure of `follow`.
            let _ = follow(&keys, store, now);
            rotated
        });
        let key = rotated.await?;
        let served = self.keys.keys().into_iter().find(|served| served.kid == key.kid);
        let key = served.unwrap_or(key);
        tracing::info!(by = by.map(display), kid = %key.kid, immediate, "an operator rotated the keys");
        Ok(Rotation::to(key, &self.keys.policy()))
    }

    /// Publishes a standby key if there is none, or if its file is not usable. It may take seconds, and
    /// does not stop when its caller stops waiting.
    pub(crate) async fn make_standby(&self) -> Result<(), AppError> {
        let (rotator, keys) = (self.rotator.clone(), Arc::clone(&self.keys));
        let (store, clock) = (Arc::clone(&self.store), Arc::clone(&self.clock));
        blocking::run_to_end(move || {
            let now = clock.now();
            if let Some(key) = rotator.make_standby(&store, &Act::by_server(now))? {
                tracing::info!(kid = %key.kid, "the next standby key is published");
            }
            // A command may have published one meanwhile. The upkeep logs a failure.
            let _ = follow(&keys, &store, clock.now());
            Ok(())
        })
        .await
    }
}

/// Rotates beside a server, which has saved its guards; see [`Rotator::rotate_keys`].
///
/// # Errors
///
/// As [`Rotator::rotate_keys`].
pub fn rotate_keys(
    rotator: &Rotator,
    store: &Store,
    immediate: bool,
    act: &Act,
) -> Result<Rotation, AppError> {
    let guards = store.list_guards(act.at)?;
    let key = rotator.rotate_keys(store, &guards, &Timers::default(), immediate, act)?;
    Ok(Rotation::to(key, rotator.policy()))
}

/// The key that signs next, or already.
#[derive(Serialize, ToSchema)]
pub struct Rotation {
    /// The key's RFC 7638 thumbprint.
    pub kid: String,
    /// `pending` or `active`.
    pub state: KeyState,
    /// The time from which an active key signs. A pending key signs then, or as soon as every live
    /// guard holds it.
    #[serde(with = "rfc3339")]
    pub signs_at: OffsetDateTime,
}

impl Rotation {
    /// Returns the rotation to this key, which signs or has a request for a rotation.
    fn to(key: Key, policy: &KeyPolicy) -> Self {
        let scheduled = (key.state == KeyState::Pending)
            .then(|| rotation_at(std::slice::from_ref(&key), policy))
            .flatten();
        // As precise as the database, so that the same request has the same answer.
        let signs_at = scheduled.unwrap_or(key.since).truncate_to_microsecond();
        Self { kid: key.kid, state: key.state, signs_at }
    }
}
