//! The periodic work of a server, several times a second: it detects changes by commands, takes the
//! due steps of keys' lives, and deletes old records.

use std::sync::Arc;
use std::time::{Duration, Instant};

use signet_contract::clock::Clock;
use signet_service::shutdown::Shutdown;

use super::health::Health;
use super::key_lives::KeyLives;
use crate::settings::Settings;
use auth_domain::feed::REVOCATIONS_KEPT;
use auth_store::Store;
use auth_store::StoreResult;
use auth_store::watcher::Watcher;

/// The time that a log-in address of a user is kept after its last use.
const ADDRESSES_KEPT: time::Duration = time::Duration::days(90);

/// The longest time between two deletions of old records.
const FORGET_EVERY: Duration = Duration::from_hours(1);

/// The time between two rounds if nothing has changed.
const ROUND: Duration = Duration::from_millis(200);

/// The shortest time between two records of the feed position.
const NOTE_EVERY: Duration = Duration::from_secs(1);

/// The state between two rounds.
pub(super) struct Upkeep {
    database: Arc<Store>,
    clock: Arc<dyn Clock>,
    health: Arc<Health>,
    watcher: Watcher,
    keys: KeyLives,
    feed_keep: Duration,
    audit_keep: Duration,
    forgot_at: Option<Instant>,
    round_at: Option<Instant>,
    noted_at: Option<Instant>,
    noted: u64,
    complaint: Option<String>,
}

impl Upkeep {
    /// Returns the upkeep of a server, and the health that it updates.
    pub(super) fn new(
        database: &Arc<Store>,
        keys: KeyLives,
        settings: &Settings,
        clock: Arc<dyn Clock>,
    ) -> (Self, Arc<Health>) {
        let health = keys.health().clone();
        let upkeep = Self {
            database: database.clone(),
            clock,
            health: health.clone(),
            watcher: Watcher::new(database.clone()),
            keys,
            feed_keep: settings.feed_keep,
            audit_keep: settings.audit_keep,
            forgot_at: None,
            round_at: None,
            noted_at: None,
            noted: 0,
            complaint: None,
        };
        (upkeep, health)
    }

    /// Records the token life. It must run before the first token is signed.
    pub(super) fn prepare(&self) -> StoreResult<()> {
        self.keys.prepare()?;
        self.health.database_was_read(Instant::now());
        Ok(())
    }

    /// Runs rounds until `shutdown` begins.
    pub(super) async fn run(mut self, shutdown: Shutdown) {
        let mut rounds = tokio::time::interval(self.watcher.interval());
        rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = rounds.tick() => {}
                () = shutdown.wait() => return,
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
            Ok(()) => self.complaint = None,
            Err(line) => {
                // Log the error once, not in each round.
                if self.complaint.as_ref() != Some(&line) {
                    tracing::error!("{line}");
                }
                self.complaint = Some(line);
            }
        }
    }

    fn try_round(&mut self) -> Result<(), String> {
        let news = self.watcher.look().map_err(|error| {
            self.health.database_failed();
            error.to_string()
        })?;
        if news {
            self.keys.may_have_changed();
        }
        self.health.database_was_read(Instant::now());
        if !news && self.round_at.is_some_and(|at| at.elapsed() < ROUND) {
            return Ok(());
        }
        self.round_at = Some(Instant::now());
        // A key without a good file stops neither the other keys nor the deletion.
        let keys = self.keys.look_after(self.clock.now());
        let forgot = self.forget().map_err(|error| error.to_string());
        let noted = self.note().map_err(|error| error.to_string());
        keys.and(forgot).and(noted)
    }

    /// Records the feed position if it has changed.
    fn note(&mut self) -> StoreResult<()> {
        let here = *self.database.changed().borrow();
        let over = self.noted_at.is_none_or(|at| at.elapsed() >= NOTE_EVERY);
        if here == self.noted || !over {
            return Ok(());
        }
        self.noted_at = Some(Instant::now());
        self.database.note_progress()?;
        self.noted = here;
        Ok(())
    }

    /// Deletes old records, at intervals.
    fn forget(&mut self) -> StoreResult<()> {
        let shortest = self.feed_keep.min(self.audit_keep);
        let every = (shortest / 4).clamp(Duration::from_secs(1), FORGET_EVERY);
        if self.forgot_at.is_some_and(|at| at.elapsed() < every) {
            return Ok(());
        }
        self.forgot_at = Some(Instant::now());
        let now = self.clock.now();
        self.database.prune_feed(now - self.feed_keep)?;
        self.database.prune_revocations(now - REVOCATIONS_KEPT)?;
        self.database.prune_sessions(now - REVOCATIONS_KEPT, now)?;
        self.database.prune_addresses(now - ADDRESSES_KEPT)?;
        self.database.prune_audit(now - self.audit_keep)?;
        Ok(())
    }
}
