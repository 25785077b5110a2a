//! The signing keys, and the guards that hold them.

use serde::Serialize;
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::ToSchema;
use uuid::Uuid;

use auth_domain::guards::Guard;
use auth_domain::keys::{Key, KeyPolicy, KeyState, lead_ends, next_change};

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
    pub state: &'static str,
    /// The time at which the state began.
    #[serde(with = "rfc3339")]
    pub since: OffsetDateTime,
    /// The time at which the state changes by itself; null if it does not.
    #[serde(with = "rfc3339::option")]
    pub next: Option<OffsetDateTime>,
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
    pub fn of(keys: &[Key], guards: &[Guard], policy: &KeyPolicy) -> Self {
        let entry = |key: &Key| {
            let holder = |guard: &Guard| Holder {
                client_id: guard.id.client_id.clone(),
                instance: guard.id.instance,
                holds: guard.holds(&key.kid),
            };
            KeyEntry {
                kid: key.kid.clone(),
                state: key.state.word(),
                since: key.since,
                next: next_change(key, policy),
                guards: guards.iter().filter(|guard| guard.live).map(holder).collect(),
            }
        };
        Self { keys: keys.iter().map(entry).collect(), next: None }
    }
}

/// The key that signs next, or already.
#[derive(Serialize, ToSchema)]
pub struct Rotation {
    /// The next key's RFC 7638 thumbprint.
    pub kid: String,
    /// `pending` or `active`.
    pub state: &'static str,
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
        Self { kid: key.kid, state: key.state.word(), signs_at }
    }
}
