//! The life of a signing key, as a pure function of (keys, guards, policy, clock).
//!
//! Files and databases follow what is decided here; nothing here reads either.

use time::{Duration, OffsetDateTime};

use super::audit::Act;
use super::error::StoreResult;

mod life;
mod timers;

pub use life::{
    held_up_by, lead_ends, leaves_at, next_change, next_publication, next_steps, next_to_leave,
};
pub use timers::Timers;

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
    /// Every state, in the order of a life.
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Active, Self::Retiring, Self::Retired, Self::Revoked];

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
    /// When a server first served it in the key set; none if none did yet. A key that was made
    /// while no server ran was published to nobody.
    pub served_at: Option<OffsetDateTime>,
    /// The longest life of a token that it may have signed; none if no server ever held it as its
    /// active key. It outlives a change of `AUTH_ACCESS_TOKEN_TTL`.
    pub longest_life: Option<Duration>,
    /// Whether it has signed a token (noted a moment after the first one).
    pub signed: bool,
    /// The latest `exp` of a token that it may have signed, once it signs no more; before, only
    /// where the clock was set back since.
    pub last_expiry: Option<OffsetDateTime>,
}

impl Key {
    /// A key that nobody has used yet.
    pub fn fresh(kid: String, n: String, e: String, now: OffsetDateTime) -> Self {
        Self {
            kid,
            state: KeyState::Pending,
            since: now,
            n,
            e,
            served_at: None,
            longest_life: None,
            signed: false,
            last_expiry: None,
        }
    }

    /// The same key, signing from `now` on.
    #[must_use]
    pub fn activated(self, now: OffsetDateTime) -> Self {
        Self { state: KeyState::Active, since: now, ..self }
    }

    /// The same key, signing no more from `now` on.
    #[must_use]
    pub fn stopped(self, now: OffsetDateTime) -> Self {
        let last_expiry = self.longest_life.map(|life| now + life).max(self.last_expiry);
        Self { state: KeyState::Retiring, since: now, last_expiry, ..self }
    }
}

/// How long the steps of a life take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyPolicy {
    /// The `max-age` of the published key set.
    pub jwks_max_age: Duration,
    /// The life of an access token.
    pub token_life: Duration,
    /// How long a key signs before another one takes over; none if only an operator rotates.
    pub rotation_every: Option<Duration>,
    /// How long after its lead a key waits for guards that do not hold it yet.
    pub guard_patience: Duration,
}

impl KeyPolicy {
    /// How long a planned key is published before it signs: whoever fetched the set just before it
    /// was published has fetched it again since, even if one fetch failed.
    pub fn lead(&self) -> Duration {
        self.jwks_max_age * 2
    }
}

/// What is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A planned key enters the key set: its time has come by the schedule.
    Publish,
    /// This pending key signs from now on, and the one before it no more.
    Activate(String),
    /// This retiring key leaves the key set.
    Retire(String),
}

/// When a key that is added begins to sign. Where no key is active it does so at once, always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// After it was published long enough.
    Planned,
    /// At once if no token was signed yet by any key, else as planned.
    AtOnceIfUnused,
    /// At once.
    AtOnce,
}

/// What became of an addition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    /// It is known from now on.
    New(Key),
    /// It was known already; nothing changed.
    Known(Key),
    /// The key set holds as many keys as it may.
    Full,
}

/// What became of a rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotated {
    /// This key signs next, or signs already.
    To(Key),
    /// The key set holds as many keys as it may.
    Full,
    /// The key that was to take over is known already, or none was given; another is needed.
    OtherNeeded,
}

/// What became of a revocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revocation {
    /// It is void since the event of this position.
    Done {
        /// The position.
        seq: u64,
        /// The key that signs now.
        active: String,
    },
    /// Nobody knows such a key.
    Unknown,
    /// The key that was to take over is known already, or none was given; another is needed.
    OtherNeeded,
}

/// What the domain asks of the store for keys' states. Each change, its feed events
/// (`key.published`, `key.activated`, `key.revoked`) and its rows in the audit log are one transaction.
pub trait KeyStore: Send + Sync {
    /// Every key that was ever known, oldest first.
    fn list_keys(&self) -> StoreResult<Vec<Key>>;

    /// Adds a key, pending or active as `entry` says (`key.published`, and `key.activated` where it
    /// applies); in the latter case the active one before it becomes retiring.
    fn add_key(&self, key: &Key, entry: Entry, act: &Act) -> StoreResult<Added>;

    /// Begins a rotation: publishes `next` as pending, or, where a key is pending already, gives
    /// that one. `immediate` makes the pending one, else `next`, active in the same transaction.
    fn rotate(&self, next: Option<&Key>, immediate: bool, act: &Act) -> StoreResult<Rotated>;

    /// Voids a key in whatever state, again if need be. If it signs, `heir` (a pending key) takes
    /// over in the same transaction, or `next` where no such key is pending.
    fn revoke_key(
        &self,
        kid: &str,
        heir: Option<&str>,
        next: Option<&Key>,
        act: &Act,
    ) -> StoreResult<Revocation>;

    /// Makes `kid` the active key and the one before it retiring, in one transaction.
    /// `false` if `kid` is neither pending nor active.
    fn activate_key(&self, kid: &str, act: &Act) -> StoreResult<bool>;

    /// Makes a retiring key retired. `false` if it is not retiring.
    fn retire_key(&self, kid: &str, act: &Act) -> StoreResult<bool>;

    /// Notes that every published key is served from now on, where that was not noted before, or
    /// was noted by a clock that has been set back since.
    fn note_served(&self, now: OffsetDateTime) -> StoreResult<()>;

    /// Notes, before it signs one, that a key may sign tokens of this life.
    fn note_token_life(&self, kid: &str, life: Duration) -> StoreResult<()>;

    /// Notes that tokens of a key that still signs may live until then: the clock was set back.
    fn note_last_expiry(&self, kid: &str, expiry: OffsetDateTime) -> StoreResult<()>;

    /// Notes that a key has signed.
    fn note_signed(&self, kid: &str) -> StoreResult<()>;
}
