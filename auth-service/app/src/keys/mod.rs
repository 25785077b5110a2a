//! The signing keys: lists, new keys, rotation, revocation, and the key ring that follows the
//! store.

mod addition;
mod list;
mod plan;
mod revocation;
mod rotation;
mod rotator;

#[cfg(test)]
mod tests;

use time::OffsetDateTime;

use crate::error::AppError;
use auth_crypto::signing::{KeyRing, RingError};
use auth_domain::keys::{Key, active};
use auth_store::{Store, StoreError};

pub use addition::{Imported, read_key_file};
pub use list::{KeyEntry, KeyList, export_public_jwk, export_public_pem, list_keys};
pub use plan::{KeyPlan, PlannedKey, plan_keys, schedule_note};
pub use revocation::{CONFIRMATION_PATIENCE, RevokedKeys, Target, revoke_keys};
pub use rotation::{Rotation, rotate_keys};
pub use rotator::{Revoked, Rotator};

/// The reason for which the key ring can't follow the store.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The database can't be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keys can't be used.
    #[error(transparent)]
    Ring(#[from] RingError),
}

impl From<FollowError> for AppError {
    fn from(error: FollowError) -> Self {
        match error {
            FollowError::Store(error) => error.into(),
            FollowError::Ring(error) => Self::internal(error),
        }
    }
}

/// Makes the ring follow the keys of the store; returns true if anything changed. From then on the
/// published keys are served, which is noted. Before an active key signs, its file is read, and the
/// life of its tokens is noted.
///
/// # Errors
///
/// The new active key has no good file. The ring then stays as it was: it still publishes the key
/// that it signs with. If that key is revoked, nothing signs.
pub fn follow(ring: &KeyRing, store: &Store, now: OffsetDateTime) -> Result<bool, FollowError> {
    let change = ring.begin_change();
    let keys = store.list_keys()?;
    let life = ring.policy().token_life;
    if let Some(key) = active(&keys)
        && key.longest_life.is_none_or(|known| known < life)
    {
        store.note_token_life(&key.kid, life)?;
    }
    let unserved = |key: &Key| key.state.published() && key.served_at.is_none_or(|at| at > now);
    let unserved = keys.iter().any(unserved);
    let changed = change.take_over(keys)?;
    if unserved {
        store.note_served(now)?;
        change.take_over(store.list_keys()?)?;
    }
    Ok(changed)
}
