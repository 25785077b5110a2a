//! The life of a signing key, as a pure function of (keys, guards, policy, clock).
//!
//! Files and databases follow these decisions; this module reads neither.

use serde::Serialize;
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

pub mod changes;
mod life;
mod timers;

pub use life::{
    active, has_room, held_up_by, is_ripe, leaves_at, needs_standby, next_change, next_steps,
    next_to_leave, rotation_at, standby,
};
pub use timers::Timers;

/// The state of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum KeyState {
    /// Published, not yet signing: the standby key. There is at most one such key.
    Pending,
    /// Signs. There is exactly one such key.
    Active,
    /// Published, signs no more.
    Retiring,
    /// Gone from the key set.
    Retired,
    /// Ended at once, with every token that it signed.
    Revoked,
}

impl KeyState {
    /// Every state, in the order of a life.
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Active, Self::Retiring, Self::Retired, Self::Revoked];

    /// Returns the word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Retiring => "retiring",
            Self::Retired => "retired",
            Self::Revoked => "revoked",
        }
    }

    /// Returns true if the key set holds a key in this state.
    pub fn published(self) -> bool {
        matches!(self, Self::Pending | Self::Active | Self::Retiring)
    }
}

/// The record of a key: everything but its private numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The RFC 7638 thumbprint.
    pub kid: String,
    /// The state of the key.
    pub state: KeyState,
    /// The time at which the state began.
    pub since: OffsetDateTime,
    /// The modulus, base64url. It stays when the private file is gone.
    pub n: String,
    /// The public exponent, base64url.
    pub e: String,
    /// The time at which a server first served it in the key set; `None` if none did yet. A key
    /// that was made while no server ran has reached no verifier.
    pub served_at: Option<OffsetDateTime>,
    /// The longest life of a token that it may have signed; `None` if no server ever held it as its
    /// active key. A change of `AUTH_ACCESS_TOKEN_TTL` does not reset it.
    pub longest_life: Option<Duration>,
    /// True if it has signed a token (noted a moment after the first one).
    pub signed: bool,
    /// The latest `exp` of a token that it may have signed. It is set when the key stops signing;
    /// earlier only if the clock was set back.
    pub last_expiry: Option<OffsetDateTime>,
    /// The time at which an operator asked for a rotation to this key, which was not ripe then. The
    /// request of a standby key that was revoked passes to the next one.
    pub rotation_requested_at: Option<OffsetDateTime>,
}

impl Key {
    /// Creates the record of an unused key.
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
            rotation_requested_at: None,
        }
    }

    /// Returns the same key, signing from `now` on.
    #[must_use]
    pub fn activated(self, now: OffsetDateTime) -> Self {
        Self { state: KeyState::Active, since: now, rotation_requested_at: None, ..self }
    }

    /// Returns the same key, no longer signing from `now` on.
    #[must_use]
    pub fn stopped(self, now: OffsetDateTime) -> Self {
        let last_expiry = self.longest_life.map(|life| now + life).max(self.last_expiry);
        Self { state: KeyState::Retiring, since: now, last_expiry, ..self }
    }

    /// Returns the same key, out of the key set from `now` on.
    #[must_use]
    pub fn retired(self, now: OffsetDateTime) -> Self {
        Self { state: KeyState::Retired, since: now, ..self }
    }

    /// Returns the same key, void from `now` on with every token that it signed.
    #[must_use]
    pub fn revoked(self, now: OffsetDateTime) -> Self {
        Self { state: KeyState::Revoked, since: now, last_expiry: None, ..self }
    }
}

/// The durations of the steps of a key's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyPolicy {
    /// The `max-age` of the published key set.
    pub jwks_max_age: Duration,
    /// The life of an access token.
    pub token_life: Duration,
    /// The time for which a key signs before the next one; `None` if only an operator rotates.
    pub rotation_every: Option<Duration>,
    /// The time for which a standby key waits after its lead for guards that do not hold it yet.
    pub guard_patience: Duration,
}

impl KeyPolicy {
    /// Returns the lead: the shortest time for which a ripe standby key has been published. A verifier
    /// that fetched the set just before has fetched it again since, even if one fetch failed.
    pub fn lead(&self) -> Duration {
        self.jwks_max_age * 2
    }
}

/// A step that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Makes this pending key the signing key. The previous one stops signing.
    Activate(String),
    /// Removes this retiring key from the key set.
    Retire(String),
}

/// The place of an added key. It signs at once if no key is active.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addition {
    /// The standby key, unless there is one.
    Standby,
    /// A generated key: the standby key, in place of the one that is there.
    Generated,
    /// An imported key. It signs at once if no key has signed a token yet. Otherwise it is the
    /// standby key, in place of the one that is there.
    Imported,
    /// An imported key that signs at once. The standby key stays.
    Activated,
}

/// The result of an addition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    /// The key is new.
    New {
        /// The key.
        key: Key,
        /// The thumbprint of the standby key that it replaced.
        replaced: Option<String>,
    },
    /// The key was known already, or there is a standby key already; nothing changed.
    Nothing,
    /// The key set holds as many keys as it may.
    Full,
}

/// A request for a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RotationRequest {
    /// The standby key is ripe and signs from now on.
    Ripe,
    /// The standby key signs from now on, ripe or not.
    Immediate,
    /// The standby key signs when it is ripe.
    Scheduled,
}

/// The result of a rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotated {
    /// This key signs next, or signs already.
    To(Key),
    /// The key set has no room for the next standby key.
    Full,
    /// Another key is the standby key by now: the caller must judge that one.
    StandbyChanged,
}

/// The result of a revocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revocation {
    /// The keys are void since the event of this position.
    Done {
        /// The position.
        seq: u64,
        /// The key that signs now.
        active: String,
        /// The thumbprints of the void keys.
        kids: Vec<String>,
    },
    /// There is no such key.
    Unknown,
    /// No usable standby key is there, and no other key was given.
    OtherNeeded,
}
