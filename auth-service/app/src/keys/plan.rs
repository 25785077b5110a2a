//! The scheduled changes of the keys and their times.

use serde::Serialize;
use time::format_description::well_known::Rfc3339;
use time::serde::rfc3339;
use time::{Duration, OffsetDateTime};

use crate::error::AppError;
use auth_domain::keys::{Key, KeyPolicy, KeyState, active, leaves_at, rotation_at};
use auth_store::Store;

/// The published keys and their schedule.
#[derive(Serialize)]
pub struct KeyPlan {
    /// The seconds for which a key signs; `None` if only an operator rotates.
    pub rotation_every_seconds: Option<i64>,
    /// The keys.
    pub keys: Vec<PlannedKey>,
    /// The schedule in words, for operators of verifiers.
    pub note: String,
}

/// A key and the times of its life, in whole seconds. A time that is not known is `None`.
#[derive(Serialize, Default)]
pub struct PlannedKey {
    /// The thumbprint.
    pub kid: String,
    /// The state of the key.
    pub state: &'static str,
    /// The time at which a server first served it.
    #[serde(with = "rfc3339::option")]
    pub published_at: Option<OffsetDateTime>,
    /// The time from which it signs.
    #[serde(with = "rfc3339::option")]
    pub signs_at: Option<OffsetDateTime>,
    /// The time at which it stops signing.
    #[serde(with = "rfc3339::option")]
    pub active_until: Option<OffsetDateTime>,
    /// The time at which it leaves the key set.
    #[serde(with = "rfc3339::option")]
    pub leaves_jwks_at: Option<OffsetDateTime>,
    /// The time from which no verifier needs the public key, in any copy.
    #[serde(with = "rfc3339::option")]
    pub safe_to_delete_at: Option<OffsetDateTime>,
}

/// Returns the plan of the keys at `now`.
pub fn plan_keys(
    store: &Store,
    policy: &KeyPolicy,
    now: OffsetDateTime,
) -> Result<KeyPlan, AppError> {
    let keys = store.list_keys()?;
    let rotation_at = rotation_at(&keys, policy).map(|at| at.max(now));
    let published = keys.iter().filter(|key| key.state.published());
    let planned = published.map(|key| planned_key(key, rotation_at, policy)).collect();
    Ok(KeyPlan {
        rotation_every_seconds: policy.rotation_every.map(Duration::whole_seconds),
        keys: planned,
        note: schedule_note(&keys, policy),
    })
}

/// Returns the schedule in words, for operators of verifiers.
pub fn schedule_note(keys: &[Key], policy: &KeyPolicy) -> String {
    if active(keys).is_none() {
        return "no key signs yet: `auth-service init` makes one".into();
    }
    let Some(at) = seconds(rotation_at(keys, policy)) else {
        return "AUTH_KEY_ROTATION_EVERY=off: keys do not rotate by schedule. A PEM stays good until \
                you rotate. A stolen key also signs until then"
            .into();
    };
    let at = at.format(&Rfc3339).unwrap_or_default();
    format!(
        "the next rotation is at {at}. A verifier that fetches the key set needs no action. A verifier \
         that holds the PEM of the active key needs that of the standby key by then: \
         `auth-service keys export-public KID`"
    )
}

fn planned_key(key: &Key, rotation_at: Option<OffsetDateTime>, policy: &KeyPolicy) -> PlannedKey {
    let known =
        PlannedKey { kid: key.kid.clone(), state: key.state.word(), ..PlannedKey::default() };
    match key.state {
        KeyState::Pending => PlannedKey {
            published_at: seconds(key.served_at),
            signs_at: seconds(rotation_at),
            ..known
        },
        KeyState::Active => {
            let leaves = rotation_at.map(|until| {
                let life = key.longest_life.unwrap_or(policy.token_life);
                let life = Some(life.max(policy.token_life));
                leaves_at(&Key { longest_life: life, ..key.clone() }.stopped(until), policy)
            });
            PlannedKey {
                published_at: seconds(key.served_at),
                signs_at: seconds(Some(key.since)),
                active_until: seconds(rotation_at),
                leaves_jwks_at: seconds(leaves),
                safe_to_delete_at: seconds(leaves),
                ..known
            }
        }
        KeyState::Retiring => {
            let leaves = seconds(Some(leaves_at(key, policy)));
            PlannedKey {
                active_until: seconds(Some(key.since)),
                leaves_jwks_at: leaves,
                safe_to_delete_at: leaves,
                ..known
            }
        }
        KeyState::Retired | KeyState::Revoked => known,
    }
}

fn seconds(at: Option<OffsetDateTime>) -> Option<OffsetDateTime> {
    at.map(OffsetDateTime::truncate_to_second)
}
