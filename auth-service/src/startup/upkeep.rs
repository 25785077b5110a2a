//! What a server does by itself, several times a second: it notices what commands changed beside it,
//! takes the steps of keys' lives that are due, and forgets what is old.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use shared::clock::Clock;
use shared::service::shutdown::Shutdown;

use super::health::Health;
use crate::domain::error::StoreResult;
use crate::domain::feed::{FeedStore, REVOCATIONS_KEPT};
use crate::domain::keys::{Key, KeyState, KeyStore, Step, next_steps};
use crate::domain::sessions::SessionStore;
use crate::settings::Settings;
use crate::signing::KeyRing;
use crate::store::Database;
use crate::store::watcher::Watcher;

/// How long an address counts as one that the user logs in from, and a session's record is kept.
const SESSIONS_KEPT: time::Duration = time::Duration::days(90);

/// The longest time between two rounds of forgetting.
const FORGET_EVERY: Duration = Duration::from_hours(1);

/// The time between two looks at what is due, if nothing has changed.
const ROUND: Duration = Duration::from_millis(200);

/// The state between two rounds.
pub(super) struct Upkeep {
    database: Arc<Database>,
    keys: Arc<KeyRing>,
    clock: Arc<dyn Clock>,
    health: Arc<Health>,
    watcher: Watcher,
    published: Gauge<u64, AtomicU64>,
    feed_keep: Duration,
    forgot_at: Option<Instant>,
    round_at: Option<Instant>,
    /// Whether the keys may have changed since they were last read.
    keys_changed: bool,
    complaint: Option<String>,
}

impl Upkeep {
    /// The upkeep of a server, and where it tells how the server is.
    pub(super) fn new(
        database: &Arc<Database>,
        keys: &Arc<KeyRing>,
        settings: &Settings,
        clock: Arc<dyn Clock>,
        metrics: &mut Registry,
    ) -> (Self, Arc<Health>) {
        let health = Arc::new(Health::default());
        let published = Gauge::default();
        metrics.register("signet_keys_published", "Keys in the key set", published.clone());
        let upkeep = Self {
            database: database.clone(),
            keys: keys.clone(),
            clock,
            health: health.clone(),
            watcher: Watcher::new(database.clone()),
            published,
            feed_keep: settings.feed_keep,
            forgot_at: None,
            round_at: None,
            keys_changed: true,
            complaint: None,
        };
        (upkeep, health)
    }

    /// What must be noted before the first token is signed.
    pub(super) fn prepare(&self) -> StoreResult<()> {
        let signer = self.keys.signer();
        self.database.note_token_life(signer.kid(), self.keys.policy().token_life)?;
        self.health.database_was_read(Instant::now());
        Ok(())
    }

    /// Goes round until `shutdown` begins.
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
                // The readiness tells by the database's age that nobody looks any more.
                Err(_) => return tracing::error!("the upkeep ended: restart this server"),
            }
        }
    }

    fn round(&mut self) {
        match self.try_round() {
            Ok(()) => self.complaint = None,
            Err(line) => {
                // Once, not at each round.
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
        self.keys_changed |= news;
        self.health.database_was_read(Instant::now());
        if !news && self.round_at.is_some_and(|at| at.elapsed() < ROUND) {
            return Ok(());
        }
        self.round_at = Some(Instant::now());
        // A key without a good file stops neither the other keys nor the forgetting.
        let keys = self.look_after_keys();
        let forgot = self.forget().map_err(|error| error.to_string());
        keys.and(forgot)
    }

    fn look_after_keys(&mut self) -> Result<(), String> {
        if self.keys_changed {
            self.follow_keys()?;
            self.keys_changed = false;
        }
        self.note_use().map_err(|error| error.to_string())?;
        self.step()
    }

    /// Takes over the keys as the database has them.
    fn follow_keys(&mut self) -> Result<(), String> {
        let keys = self.database.list_keys().map_err(|error| error.to_string())?;
        let life = self.keys.policy().token_life;
        let active = keys.iter().find(|key| key.state == KeyState::Active);
        // Before it signs: how long it must stay published after it stopped.
        if let Some(key) = active
            && key.longest_life.is_none_or(|known| known < life)
        {
            self.database.note_token_life(&key.kid, life).map_err(|error| error.to_string())?;
        }
        let published = keys.iter().filter(|key| key.state.published());
        let unserved = published.clone().any(|key| key.served_at.is_none());
        self.published.set(u64::try_from(published.count()).unwrap_or_default());
        let followed = self.keys.reload(keys).map_err(|error| error.to_string());
        self.health.keys_are_behind(followed.is_err());
        followed?;
        // After it is served: from now on its lead counts.
        if unserved {
            self.database.note_served(self.clock.now()).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// Notes that the active key has signed.
    fn note_use(&self) -> StoreResult<()> {
        let signer = self.keys.signer();
        let unnoted = |keys: &[Key]| keys.iter().any(|key| key.kid == signer.kid() && !key.signed);
        if signer.used() && unnoted(&self.keys.keys()) {
            self.database.note_signed(signer.kid())?;
        }
        Ok(())
    }

    /// Takes the steps that are due, each on its own.
    fn step(&mut self) -> Result<(), String> {
        let now = self.clock.now();
        let mut outcome = Ok(());
        for step in next_steps(&self.keys.keys(), &self.keys.policy(), now) {
            match self.take(&step, now) {
                Ok(()) => self.keys_changed = true,
                Err(line) => outcome = Err(line),
            }
        }
        if self.keys_changed {
            self.follow_keys()?;
            self.keys_changed = false;
        }
        outcome
    }

    fn take(&self, step: &Step, now: time::OffsetDateTime) -> Result<(), String> {
        let (files, kid) = (self.keys.files(), &step.kid);
        match step.to {
            KeyState::Active => {
                // A key without a good file never signs; the one before it goes on.
                files.read(kid).map_err(|error| error.to_string())?;
                self.database.activate_key(kid, now).map_err(|error| error.to_string())?;
                tracing::info!(%kid, "the key signs from now on");
            }
            KeyState::Retired => {
                self.database.retire_key(kid, now).map_err(|error| error.to_string())?;
                tracing::info!(%kid, "the key has left the key set");
                files.forget(kid).map_err(|error| error.to_string())?;
            }
            KeyState::Pending | KeyState::Retiring | KeyState::Revoked => {}
        }
        Ok(())
    }

    /// Forgets what is old, now and then.
    fn forget(&mut self) -> StoreResult<()> {
        let every = (self.feed_keep / 4).clamp(Duration::from_secs(1), FORGET_EVERY);
        if self.forgot_at.is_some_and(|at| at.elapsed() < every) {
            return Ok(());
        }
        self.forgot_at = Some(Instant::now());
        let now = self.clock.now();
        self.database.prune_feed(now - self.feed_keep)?;
        self.database.prune_revocations(now - REVOCATIONS_KEPT)?;
        self.database.prune_sessions(now - SESSIONS_KEPT)?;
        Ok(())
    }
}
