//! The guards that follow the feed: the keys that each one holds, and its lag.

use serde::Serialize;
use time::serde::rfc3339;
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;
use uuid::Uuid;

use auth_domain::feed::Changes;
use auth_domain::guards::{Guard, Lag};
use auth_store::{Store, StoreResult};

/// The guards that called within a day, by client and instance.
#[derive(Serialize, ToSchema)]
pub struct GuardList {
    /// The guards, in the order of client and instance.
    pub guards: Vec<GuardEntry>,
    /// Always null: there is one page.
    pub next: Option<String>,
}

/// A guard: one process of a client.
#[derive(Serialize, ToSchema)]
pub struct GuardEntry {
    /// The client that the guard logs in as.
    pub client_id: String,
    /// The guard's own id.
    pub instance: Uuid,
    /// True while a call of the guard is open, and for a minute after it.
    pub live: bool,
    /// The feed position up to which it has applied every change.
    pub position: u64,
    /// The number of changes that it has not confirmed.
    pub lag: u64,
    /// The age of the first unconfirmed change in seconds; null if the feed no longer keeps it.
    pub lag_seconds: Option<f64>,
    /// The thumbprints of the keys that it holds.
    pub kids: Vec<String>,
    /// The time of its first call.
    #[serde(with = "rfc3339")]
    pub first_seen: OffsetDateTime,
    /// The time at which a call of it was last open.
    #[serde(with = "rfc3339")]
    pub last_seen: OffsetDateTime,
}

impl GuardList {
    /// Returns the guards, each with its lag behind `store` at the time `now`.
    pub fn of(guards: Vec<Guard>, store: &Store, now: OffsetDateTime) -> StoreResult<Self> {
        let with_lag = |guard| lag(store, &guard, now).map(|lag| GuardEntry::of(guard, &lag));
        let guards = guards.into_iter().map(with_lag).collect::<StoreResult<_>>()?;
        Ok(Self { guards, next: None })
    }
}

impl GuardEntry {
    fn of(guard: Guard, lag: &Lag) -> Self {
        Self {
            client_id: guard.id.client_id,
            instance: guard.id.instance,
            live: guard.live,
            position: guard.position,
            lag: lag.changes,
            lag_seconds: lag.time.map(time::Duration::as_seconds_f64),
            kids: guard.kids.into_iter().collect(),
            first_seen: guard.first_seen,
            last_seen: guard.seen_at,
        }
    }
}

/// Returns the lag of a guard at `now`.
fn lag(store: &Store, guard: &Guard, now: OffsetDateTime) -> StoreResult<Lag> {
    let changes = store.position()?.saturating_sub(guard.position);
    if changes == 0 {
        return Ok(Lag { changes, time: Some(Duration::ZERO) });
    }
    let first = match store.changes_after(guard.position, 1)? {
        Changes::After { events, .. } => events.first().map(|event| event.at),
        Changes::Gone => None,
    };
    // The clock that dated a recent change may be a little ahead.
    Ok(Lag { changes, time: first.map(|at| (now - at).max(Duration::ZERO)) })
}
