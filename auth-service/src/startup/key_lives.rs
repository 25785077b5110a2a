//! The lives of the keys in a running server: loads the changes of other processes and takes the
//! steps that are due.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use time::{Duration, OffsetDateTime};

use super::health::Health;
use auth_app::error::{AppError, Conflict};
use auth_app::guards::Guards;
use auth_app::keys::{Rotator, follow};
use auth_crypto::signing::KeyRing;
use auth_domain::audit::Act;
use auth_domain::guards::{Guard, GuardId};
use auth_domain::keys::{Key, KeyState, Step, Timers, held_up_by, next_steps};
use auth_store::Store;
use auth_store::StoreResult;

/// The tolerance of the clock check: a smaller step back is ignored.
const SET_BACK: Duration = Duration::seconds(1);

/// The longest time between two rounds.
const ROUND: Duration = Duration::seconds(5);

/// The state between two rounds.
pub(super) struct KeyLives {
    database: Arc<Store>,
    ring: Arc<KeyRing>,
    rotator: Rotator,
    guards: Arc<Guards>,
    health: Arc<Health>,
    published: Gauge<u64, AtomicU64>,
    /// True if the keys may have changed since the last read.
    changed: bool,
    timers: Timers,
    began: Instant,
    latest: Option<OffsetDateTime>,
    /// The guards that were logged as late, by key.
    late: BTreeSet<(String, GuardId)>,
}

impl KeyLives {
    pub(super) fn new(
        database: &Arc<Store>,
        ring: &Arc<KeyRing>,
        rotator: &Rotator,
        guards: &Arc<Guards>,
        metrics: &mut Registry,
    ) -> Self {
        let published = Gauge::default();
        metrics.register("signet_keys_published", "Keys in the key set", published.clone());
        Self {
            database: database.clone(),
            ring: ring.clone(),
            rotator: rotator.clone(),
            guards: guards.clone(),
            health: Arc::default(),
            published,
            changed: true,
            timers: Timers::default(),
            began: Instant::now(),
            latest: None,
            late: BTreeSet::new(),
        }
    }

    /// Returns the health that the rounds update.
    pub(super) fn health(&self) -> &Arc<Health> {
        &self.health
    }

    /// Records the token life. It must run before the first token is signed.
    pub(super) fn prepare(&self) -> StoreResult<()> {
        let signer = self.ring.signer();
        self.database.note_token_life(signer.kid(), self.ring.policy().token_life)
    }

    /// Makes the next round read the keys again.
    pub(super) fn may_have_changed(&mut self) {
        self.changed = true;
    }

    /// Runs one round.
    pub(super) fn look_after(&mut self, now: OffsetDateTime) -> Result<(), String> {
        self.mind_the_clock(now).map_err(|error| error.to_string())?;
        if self.changed {
            self.follow(now)?;
        }
        self.note_use().map_err(|error| error.to_string())?;
        self.step(now)
    }

    /// Records the last expiry if the clock was set back: older tokens live longer by this clock.
    fn mind_the_clock(&mut self, now: OffsetDateTime) -> StoreResult<()> {
        let latest = self.latest.map_or(now, |latest| latest.max(now));
        if latest - now > SET_BACK {
            let life = self.ring.policy().token_life;
            self.database.note_last_expiry(self.ring.signer().kid(), latest + ROUND + life)?;
            tracing::warn!(by = %(latest - now), "the clock was set back");
            self.changed = true;
            self.latest = Some(now);
        } else {
            self.latest = Some(latest);
        }
        Ok(())
    }

    /// Loads the keys from the database.
    fn follow(&mut self, now: OffsetDateTime) -> Result<(), String> {
        let followed = follow(&self.ring, &self.database, now);
        self.health.keys_are_behind(followed.is_err());
        let changed = followed.map_err(|error| error.to_string())?;
        let keys = self.ring.keys();
        let published = keys.iter().filter(|key| key.state.published()).count();
        self.published.set(u64::try_from(published).unwrap_or_default());
        self.changed = false;
        if changed {
            self.rotator.sweep(&keys).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// Records that the active key has signed.
    fn note_use(&self) -> StoreResult<()> {
        let signer = self.ring.signer();
        let unnoted = |keys: &[Key]| keys.iter().any(|key| key.kid == signer.kid() && !key.signed);
        if signer.used() && unnoted(&self.ring.keys()) {
            self.database.note_signed(signer.kid())?;
        }
        Ok(())
    }

    /// Takes the steps that are due. A failed step does not stop the others.
    fn step(&mut self, now: OffsetDateTime) -> Result<(), String> {
        let uptime = Duration::try_from(self.began.elapsed()).unwrap_or(Duration::MAX);
        let (keys, guards) = (self.ring.keys(), self.guards.list(now));
        self.timers.observe(&keys, now, uptime);
        let steps = next_steps(&keys, &guards, &self.ring.policy(), now, &self.timers);
        self.name_late_guards(&keys, &guards, now);
        let mut outcome = Ok(());
        for step in &steps {
            match self.take(step, now) {
                Ok(()) => self.changed = true,
                Err(line) => outcome = Err(line),
            }
        }
        if self.changed {
            self.follow(now)?;
        }
        outcome
    }

    fn take(&self, step: &Step, now: OffsetDateTime) -> Result<(), String> {
        let (rotator, store, act) = (&self.rotator, &*self.database, Act::by_server(now));
        match step {
            Step::Publish => match rotator.rotate_keys(store, false, &act) {
                Ok(key) => tracing::info!(kid = %key.kid, "the next key is published"),
                Err(AppError::Conflict(Conflict::KeySetFull { .. })) => {}
                Err(error) => return Err(error.to_string()),
            },
            Step::Activate(kid) => {
                rotator.activate_key(store, kid, &act).map_err(|error| error.to_string())?;
                tracing::info!(%kid, "the key signs from now on");
            }
            Step::Retire(kid) => {
                rotator.retire_key(store, kid, &act).map_err(|error| error.to_string())?;
                tracing::info!(%kid, "the key has left the key set");
            }
        }
        Ok(())
    }

    /// Logs once each guard that a key waits for, or no longer waits for.
    fn name_late_guards(&mut self, keys: &[Key], guards: &[Guard], now: OffsetDateTime) {
        let policy = self.ring.policy();
        let pending = keys.iter().filter(|key| key.state == KeyState::Pending);
        let mut late = BTreeSet::new();
        for key in pending {
            for guard in held_up_by(key, guards, &policy, now, &self.timers) {
                late.insert((key.kid.clone(), guard.id.clone()));
            }
        }
        for (kid, guard) in late.difference(&self.late) {
            tracing::warn!(
                %kid, client_id = %guard.client_id, instance = %guard.instance,
                patience = %policy.guard_patience,
                "a guard does not hold the next key yet; AUTH_GUARD_PATIENCE after the lead the key signs all the same"
            );
        }
        self.late = late;
    }
}
