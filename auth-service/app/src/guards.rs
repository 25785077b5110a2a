//! The guards that call `/feed`: the keys that each one holds, the position that it has confirmed,
//! a way to wait for confirmations, and the list for operators.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry as MetricsRegistry;
use serde::Serialize;
use signet_contract::clock::Clock;
use signet_contract::events::Event;
use time::OffsetDateTime;
use time::serde::rfc3339;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::AppState;
use crate::error::AppError;
use auth_domain::feed::{Changes, revokes};
use auth_domain::guards::{Guard, GuardId, Lag, Receipt, Registry, Report, receipts};
use auth_store::{Store, StoreResult};

/// The buckets in seconds. The target for a logout is the middle of the range.
const BUCKETS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 25.0, 60.0];

/// The guards of this server.
#[derive(Debug)]
pub struct Guards {
    registry: Mutex<Registry>,
    /// Counts calls.
    arrivals: AtomicU64,
    /// Counts reports with new information.
    news: watch::Sender<u64>,
    propagation: Histogram,
}

impl Guards {
    /// Starts with the guards that an earlier run saved.
    pub fn new(known: Vec<Guard>) -> Self {
        Self {
            registry: Mutex::new(Registry::new(known)),
            arrivals: AtomicU64::new(0),
            news: watch::Sender::new(0),
            propagation: Histogram::new(BUCKETS),
        }
    }

    /// Registers the histogram of the time from a revocation to its confirmation.
    pub fn register(&self, metrics: &mut MetricsRegistry) {
        metrics.register(
            "signet_revocation_propagation_seconds",
            "Time from the commit of a revocation until a guard has confirmed it",
            self.propagation.clone(),
        );
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        // A poisoned lock is safe: no entry is ever left half changed.
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns every known guard, by client and instance.
    pub fn list(&self, now: OffsetDateTime) -> Vec<Guard> {
        self.registry().list(now)
    }

    /// Returns a receiver that changes whenever a guard reports something new.
    pub fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    /// Waits until every live guard has confirmed all changes up to `position`, at most for
    /// `patience`. Returns the receipts.
    pub async fn confirmed(
        &self,
        position: u64,
        patience: Duration,
        clock: &dyn Clock,
    ) -> Vec<Receipt> {
        let deadline = Instant::now() + patience;
        let mut news = self.news();
        loop {
            news.mark_unchanged();
            let receipts = receipts(&self.list(clock.now()), position);
            let all = receipts.iter().all(|receipt| receipt.confirmed_at.is_some());
            if all || !matches!(timeout_at(deadline, news.changed()).await, Ok(Ok(()))) {
                return receipts;
            }
        }
    }

    /// Returns the [`Report::arrival`] of a call that arrives now.
    pub fn arrival(&self) -> u64 {
        self.arrivals.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Records a guard's call. The call is open until the result is dropped.
    pub fn call<'a>(&'a self, report: Report, clock: &'a dyn Clock) -> Option<Call<'a>> {
        let id = report.id.clone();
        let Some(begun) = self.registry().begin(report, clock.now()) else {
            tracing::warn!(client_id = %id.client_id, instance = %id.instance, "too many guards of this client: this one is not counted");
            return None;
        };
        begun.took.iter().for_each(|took| self.propagation.observe(took.as_seconds_f64()));
        if begun.news {
            self.news.send_modify(|count| *count += 1);
        }
        Some(Call { guards: self, clock, id, number: begun.call })
    }

    /// Saves unsaved guards, and removes the guards that were away for long.
    pub fn save(&self, store: &Store, now: OffsetDateTime) -> StoreResult<()> {
        let unwritten = self.registry().take_unwritten(now);
        if !unwritten.is_empty() {
            store
                .save_guards(&unwritten)
                .inspect_err(|_| self.registry().not_written(&unwritten))?;
        }
        let forgotten = self.registry().forget(now);
        if forgotten.is_empty() { Ok(()) } else { store.forget_guards(&forgotten) }
    }
}

/// An open call.
pub struct Call<'a> {
    guards: &'a Guards,
    clock: &'a dyn Clock,
    id: GuardId,
    number: u64,
}

impl Call<'_> {
    /// Records the revocations that the guard is sent.
    pub fn sends(&self, events: &[Event]) {
        let mut registry = self.guards.registry();
        for event in events.iter().filter(|event| revokes(&event.change)) {
            registry.sent(&self.id, event.seq, event.at);
        }
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.guards.registry().end(&self.id, self.number, self.clock.now());
    }
}

impl AppState {
    /// Returns the guards that called this server within a day, each with its lag.
    pub async fn list_guards(&self) -> Result<GuardList, AppError> {
        let now = self.clock.now();
        let guards = self.guards.list(now);
        self.run(move |store| GuardList::of(guards, store, now)).await
    }
}

/// Returns the guards that the server has saved, each with its lag. A command has no other ones.
pub fn list_saved_guards(store: &Store, now: OffsetDateTime) -> Result<GuardList, AppError> {
    Ok(GuardList::of(store.list_guards(now)?, store, now)?)
}

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
    fn of(guards: Vec<Guard>, store: &Store, now: OffsetDateTime) -> StoreResult<Self> {
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
        return Ok(Lag { changes, time: Some(time::Duration::ZERO) });
    }
    let first = match store.changes_after(guard.position, 1)? {
        Changes::After { events, .. } => events.first().map(|event| event.at),
        Changes::Gone => None,
    };
    // The clock that dated a recent change may be a little ahead.
    Ok(Lag { changes, time: first.map(|at| (now - at).max(time::Duration::ZERO)) })
}
