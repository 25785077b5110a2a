//! The periodic work of a server, several times a second: it detects changes by commands, takes the
//! due steps of keys' lives, and deletes old records.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval};

use super::health::Health;
use super::key_rotation::KeyRotation;
use crate::AppState;
use crate::error::AppError;
use auth_domain::feed::REVOCATIONS_KEPT;
use auth_store::StoreResult;
use auth_store::watcher::Watcher;

/// The time that a network of a user's log-ins is kept after its last use.
const NETWORKS_KEPT: time::Duration = time::Duration::days(90);

/// The longest time between two deletions of old records.
const PRUNE_EVERY: Duration = Duration::from_hours(1);

/// The time between two rounds if nothing has changed.
const ROUND: Duration = Duration::from_millis(200);

/// The shortest time between two records of the progress of the database.
const NOTE_EVERY: Duration = Duration::from_secs(1);

/// The times for which old records are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// The time for the changes of the feed.
    pub feed: Duration,
    /// The time for the rows of the audit log.
    pub audit: Duration,
}

/// The upkeep of a server: the state between two rounds.
pub struct Upkeep {
    app: Arc<AppState>,
    health: Arc<Health>,
    watcher: Watcher,
    keys: KeyRotation,
    retention: Retention,
    pruned_at: Option<Instant>,
    round_at: Option<Instant>,
    noted_at: Option<Instant>,
    /// The error of the last round.
    last_error: Option<AppError>,
}

impl Upkeep {
    /// Prepares the upkeep. It records the token life, so it must run before the first token is
    /// signed.
    pub fn new(app: &Arc<AppState>, retention: Retention) -> StoreResult<Self> {
        let health = Arc::new(Health::default());
        let keys = KeyRotation::new(Arc::clone(app), Arc::clone(&health));
        keys.prepare()?;
        health.database_was_read();
        Ok(Self {
            app: Arc::clone(app),
            health,
            watcher: Watcher::new(Arc::clone(&app.store)),
            keys,
            retention,
            pruned_at: None,
            round_at: None,
            noted_at: None,
            last_error: None,
        })
    }

    /// Returns the health that the rounds update.
    pub fn health(&self) -> Arc<Health> {
        Arc::clone(&self.health)
    }

    /// Runs rounds until `shutdown` begins.
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) {
        let mut shutdown = pin!(shutdown);
        let mut rounds = interval(self.watcher.interval());
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = rounds.tick() => {}
                () = &mut shutdown => return,
            }
            let round = tokio::task::spawn_blocking(move || {
                self.round();
                self
            });
            match round.await {
                Ok(after) => self = after,
                // Readiness then fails by the age of the last database read.
                Err(_) => return tracing::error!("the upkeep ended: restart this server"),
            }
        }
    }

    fn round(&mut self) {
        match self.try_round() {
            Ok(()) => self.last_error = None,
            Err(error) => {
                // Log the error once, not in each round.
                if self.last_error.as_ref() != Some(&error) {
                    tracing::error!(%error, "a part of the upkeep failed");
                }
                self.last_error = Some(error);
            }
        }
    }

    fn try_round(&mut self) -> Result<(), AppError> {
        let news = self.watcher.look().inspect_err(|_| self.health.database_failed())?;
        if news {
            self.keys.may_have_changed();
        }
        self.health.database_was_read();
        if !news && self.round_at.is_some_and(|at| at.elapsed() < ROUND) {
            return Ok(());
        }
        self.round_at = Some(Instant::now());
        // A key without a good file stops neither the other keys nor the deletion.
        let keys = self.keys.round(self.app.clock.now());
        let pruned = self.prune();
        let noted = self.note();
        keys?;
        pruned?;
        noted?;
        Ok(())
    }

    /// Records the progress of the database, at intervals.
    fn note(&mut self) -> StoreResult<()> {
        if self.noted_at.is_some_and(|at| at.elapsed() < NOTE_EVERY) {
            return Ok(());
        }
        self.noted_at = Some(Instant::now());
        self.app.store.note_progress()
    }

    /// Deletes old records, at intervals.
    fn prune(&mut self) -> StoreResult<()> {
        let shortest = self.retention.feed.min(self.retention.audit);
        let every = (shortest / 4).clamp(Duration::from_secs(1), PRUNE_EVERY);
        if self.pruned_at.is_some_and(|at| at.elapsed() < every) {
            return Ok(());
        }
        self.pruned_at = Some(Instant::now());
        let (store, now) = (&self.app.store, self.app.clock.now());
        store.prune_feed(now - self.retention.feed)?;
        store.prune_revocations(now - REVOCATIONS_KEPT)?;
        store.prune_sessions(now - REVOCATIONS_KEPT, now)?;
        store.prune_networks(now - NETWORKS_KEPT)?;
        store.prune_audit(now - self.retention.audit)?;
        Ok(())
    }
}
