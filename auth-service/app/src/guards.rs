//! The guards that call `/feed`: the keys that each one holds, the position that it has confirmed,
//! and a way to wait for confirmations.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry as MetricsRegistry;
use signet_contract::clock::Clock;
use signet_contract::events::Event;
use time::OffsetDateTime;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use auth_domain::feed::revokes;
use auth_domain::guards::{Guard, GuardId, Receipt, Registry, Report, receipts};
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
    propagation: Family<GuardLabel, Histogram, fn() -> Histogram>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct GuardLabel {
    client: String,
    instance: String,
}

impl From<&GuardId> for GuardLabel {
    fn from(id: &GuardId) -> Self {
        Self { client: id.client_id.clone(), instance: id.instance.to_string() }
    }
}

impl Guards {
    /// Starts with the guards that an earlier run saved.
    pub fn new(known: Vec<Guard>) -> Self {
        Self {
            registry: Mutex::new(Registry::new(known)),
            arrivals: AtomicU64::new(0),
            news: watch::Sender::new(0),
            propagation: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
        }
    }

    /// Registers the histogram of the time from a revocation to its confirmation.
    pub fn register(&self, metrics: &mut MetricsRegistry) {
        metrics.register(
            "revocation_propagation_seconds",
            "From the commit of a revocation until a guard has confirmed it",
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
        if !begun.took.is_empty() {
            let histogram = self.propagation.get_or_create(&GuardLabel::from(&id));
            begun.took.iter().for_each(|took| histogram.observe(took.as_seconds_f64()));
        }
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
        for id in &forgotten {
            self.propagation.remove(&GuardLabel::from(id));
        }
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
