//! Who follows the feed, what each holds, and how far behind it is.

use serde::Serialize;
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::error::StoreResult;
use crate::domain::feed::FeedStore;
use crate::domain::guards::{Guard, Lag, lag};

/// The guards that called within a day, by client and instance.
#[derive(Serialize, ToSchema)]
pub(crate) struct GuardList {
    pub(crate) guards: Vec<GuardEntry>,
    /// Always null: there is no other page.
    pub(crate) next: Option<String>,
}

/// A guard: one process of a client.
#[derive(Serialize, ToSchema)]
pub(crate) struct GuardEntry {
    pub(crate) client_id: String,
    pub(crate) instance: Uuid,
    /// Whether a call of it is open, or ended less than a minute ago.
    pub(crate) live: bool,
    /// The feed position up to which it has applied every change.
    pub(crate) position: u64,
    /// How many changes it has not confirmed.
    pub(crate) lag: u64,
    /// How long ago the first of them was made; null if the feed does not keep it any more.
    pub(crate) lag_seconds: Option<f64>,
    /// The thumbprints of the keys that it holds.
    pub(crate) kids: Vec<String>,
    #[serde(with = "rfc3339")]
    pub(crate) first_seen: OffsetDateTime,
    /// When a call of it was last open.
    #[serde(with = "rfc3339")]
    pub(crate) last_seen: OffsetDateTime,
}

impl GuardList {
    /// The guards, and how far behind `store` each is at the time `now`.
    pub(crate) fn of<S: FeedStore + ?Sized>(
        guards: Vec<Guard>,
        store: &S,
        now: OffsetDateTime,
    ) -> StoreResult<Self> {
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
