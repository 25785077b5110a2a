//! The known keys, with the guards that hold each one; and the public half of one key.

use serde::Serialize;
use signet_contract::jwks::PublicJwk;
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::AppState;
use crate::error::{AppError, Entity};
use auth_crypto::signing::{RingError, public_pem};
use auth_domain::guards::Guard;
use auth_domain::keys::{Key, KeyPolicy, KeyState, next_change};
use auth_store::Store;

/// Returns the keys, and the guards that a server has saved: for a command beside the server.
pub fn list_keys(
    store: &Store,
    policy: &KeyPolicy,
    now: OffsetDateTime,
) -> Result<KeyList, AppError> {
    Ok(KeyList::of(&store.list_keys()?, &store.list_guards(now)?, policy))
}

impl AppState {
    /// Returns the keys, and the guards of this server.
    pub async fn list_keys(&self) -> Result<KeyList, AppError> {
        let keys = self.run(Store::list_keys).await?;
        Ok(KeyList::of(&keys, &self.guards.list(self.clock.now()), &self.keys.policy()))
    }
}

/// Returns the public half of a key as a JSON Web Key (RFC 7517). Without a `kid`, it is that of
/// the active key.
///
/// # Errors
///
/// [`Entity::Key`] is not found, or no key is active.
pub fn export_public_jwk(store: &Store, kid: Option<&str>) -> Result<PublicJwk, AppError> {
    let mut keys = store.list_keys()?.into_iter();
    let key = match kid {
        Some(kid) => {
            keys.find(|key| key.kid == kid).ok_or_else(|| AppError::not_found(Entity::Key, kid))?
        }
        None => keys
            .find(|key| key.state == KeyState::Active)
            .ok_or_else(|| AppError::internal(RingError::NoneActive))?,
    };
    Ok(PublicJwk::rs256(key.kid, key.n, key.e))
}

/// Returns the public half of a key as PEM. Without a `kid`, it is that of the active key.
///
/// # Errors
///
/// As [`export_public_jwk`]. A damaged record is an internal error.
pub fn export_public_pem(store: &Store, kid: Option<&str>) -> Result<String, AppError> {
    let PublicJwk { n, e, .. } = export_public_jwk(store, kid)?;
    public_pem(&n, &e).ok_or_else(|| AppError::internal("the key's record is damaged"))
}

/// The keys that were ever known, oldest first.
#[derive(Serialize, ToSchema)]
pub struct KeyList {
    /// The keys.
    pub keys: Vec<KeyEntry>,
    /// Always null: there is one page.
    pub next: Option<String>,
}

/// A key.
#[derive(Serialize, ToSchema)]
pub struct KeyEntry {
    /// The key's RFC 7638 thumbprint.
    pub kid: String,
    /// `pending`, `active`, `retiring`, `retired` or `revoked`.
    pub state: KeyState,
    /// The time at which the state began.
    #[serde(with = "rfc3339")]
    pub since: OffsetDateTime,
    /// The time at which the state changes by itself; null if it does not.
    #[serde(with = "rfc3339::option")]
    pub next: Option<OffsetDateTime>,
    /// The time from which it signs: of the standby key that of the scheduled rotation, of the active
    /// key its start. Null without a scheduled rotation, and for other keys.
    #[serde(with = "rfc3339::option")]
    pub signs_at: Option<OffsetDateTime>,
    /// The live guards.
    pub guards: Vec<Holder>,
}

/// A live guard, and whether it holds a key.
#[derive(Serialize, ToSchema)]
pub struct Holder {
    /// The client that the guard logs in as.
    pub client_id: String,
    /// The guard's own id.
    pub instance: Uuid,
    /// True if the guard has confirmed that it holds the key.
    pub holds: bool,
}

impl KeyList {
    /// Returns the keys. Of `guards`, only the live ones count.
    fn of(keys: &[Key], guards: &[Guard], policy: &KeyPolicy) -> Self {
        let entry = |key: &Key| {
            let holder = |guard: &Guard| Holder {
                client_id: guard.id.client_id.clone(),
                instance: guard.id.instance,
                holds: guard.holds(&key.kid),
            };
            let next = next_change(key, keys, policy);
            KeyEntry {
                kid: key.kid.clone(),
                state: key.state,
                since: key.since,
                next,
                signs_at: match key.state {
                    KeyState::Pending => next,
                    KeyState::Active => Some(key.since),
                    _ => None,
                },
                guards: guards.iter().filter(|guard| guard.live).map(holder).collect(),
            }
        };
        Self { keys: keys.iter().map(entry).collect(), next: None }
    }
}
