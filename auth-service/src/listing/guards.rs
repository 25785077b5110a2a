//! Who follows the feed, what each holds, and how far behind it is.

use serde::Serialize;
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::guards::{Guard, Lag};

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

impl GuardEntry {
    pub(crate) fn of(guard: Guard, lag: &Lag) -> Self {
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
