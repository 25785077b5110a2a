//! The life of a signing key, as a pure function of (keys, policy, clock).
//!
//! Files and databases follow what is decided here; nothing here reads either.

use time::{Duration, OffsetDateTime};

use super::error::StoreResult;

/// Where a key is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyState {
    /// Published, not yet signing.
    Pending,
    /// Signs. Exactly one key does.
    Active,
    /// Published, signs no more.
    Retiring,
    /// Gone from the key set.
    Retired,
    /// Void at once, with every token it signed.
    Revoked,
}

impl KeyState {
    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Retiring => "retiring",
            Self::Retired => "retired",
            Self::Revoked => "revoked",
        }
    }

    /// Whether the key set holds a key in this state.
    pub fn published(self) -> bool {
        matches!(self, Self::Pending | Self::Active | Self::Retiring)
    }
}

/// What is known of a key beside its numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The RFC 7638 thumbprint.
    pub kid: String,
    /// Where it is in its life.
    pub state: KeyState,
    /// Since when.
    pub since: OffsetDateTime,
    /// The modulus, base64url (also of keys whose private file is gone).
    pub n: String,
    /// The public exponent, base64url.
    pub e: String,
    /// The latest `exp` of a token that it signed, or may have signed.
    pub last_expiry: Option<OffsetDateTime>,
}

/// How long the steps of a life take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyPolicy {
    /// The `max-age` of the published key set.
    pub jwks_max_age: Duration,
    /// The life of an access token.
    pub token_life: Duration,
}

/// A change of one key's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Which key.
    pub kid: String,
    /// Its new state.
    pub to: KeyState,
}

/// What the domain asks of the store for keys' states. Each change and its feed events
/// (`key.published`, `key.activated`) are one transaction.
pub trait KeyStore: Send + Sync {
    /// Every key that was ever known, oldest first.
    fn list_keys(&self) -> StoreResult<Vec<Key>>;

    /// Adds a key as pending, or as active if no other key is (`key.published`, and
    /// `key.activated` where it applies). Nothing if the `kid` is known already: gives its record.
    fn add_key(&self, key: &Key) -> StoreResult<Key>;

    /// Makes `kid` the active key and the one before it retiring, in one transaction.
    /// `false` if `kid` is neither pending nor active.
    fn activate_key(&self, kid: &str, now: OffsetDateTime) -> StoreResult<bool>;

    /// Makes a retiring key retired. `false` if it is not retiring.
    fn retire_key(&self, kid: &str, now: OffsetDateTime) -> StoreResult<bool>;
}
