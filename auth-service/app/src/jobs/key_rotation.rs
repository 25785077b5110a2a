//! The rotation of the keys in a running server: follows the changes of other processes, and takes
//! the steps of the schedule that are due.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use time::{Duration, OffsetDateTime};

use super::health::Health;
use crate::AppState;
use crate::error::AppError;
use crate::keys::follow;
use auth_domain::audit::Act;
use auth_domain::guards::{Guard, GuardId};
use auth_domain::keys::{Key, Step, Timers, held_up_by, next_steps, standby};
use auth_store::StoreResult;

/// The tolerance of the clock check: a smaller step back is ignored.
const SET_BACK: Duration = Duration::seconds(1);

/// The longest time between two rounds.
const ROUND: Duration = Duration::seconds(5);

/// The state between two rounds.
pub(super) struct KeyRotation {
    app: Arc<AppState>,
    health: Arc<Health>,
    /// True if the keys may have changed since the last read.
    changed: bool,
    began: Instant,
    latest: Option<OffsetDateTime>,
    /// The standby key and the guards that it waits for. They were logged.
    late: BTreeSet<(String, GuardId)>,
}

impl KeyRotation {
    pub(super) fn new(app: Arc<AppState>, health: Arc<Health>) -> Self {
        Self {
            app,
            health,
            changed: true,
            began: Instant::now(),
            latest: None,
            late: BTreeSet::new(),
        }
    }

    /// Records the token life. It must run before the first token is signed.
    pub(super) fn prepare(&self) -> StoreResult<()> {
        let keys = &self.app.keys;
        self.app.store.note_token_life(keys.signer().kid(), keys.policy().token_life)
    }

    /// Makes the next round read the keys again.
    pub(super) fn may_have_changed(&mut self) {
        self.changed = true;
    }

    /// Runs one round.
    pub(super) fn round(&mut self, now: OffsetDateTime) -> Result<(), AppError> {
        self.check_clock(now)?;
        if self.changed {
            self.follow(now)?;
        }
        self.note_use()?;
        self.step(now)
    }

    /// Records the last expiry if the clock was set back: older tokens live longer by this clock.
    fn check_clock(&mut self, now: OffsetDateTime) -> StoreResult<()> {
        let latest = self.latest.map_or(now, |latest| latest.max(now));
        if latest - now > SET_BACK {
            let life = self.app.keys.policy().token_life;
            self.app.store.note_last_expiry(self.app.keys.signer().kid(), latest + ROUND + life)?;
            tracing::warn!(by = %(latest - now), "the clock was set back");
            self.changed = true;
            self.latest = Some(now);
        } else {
            self.latest = Some(latest);
        }
        Ok(())
    }

    /// Loads the keys from the database.
    fn follow(&mut self, now: OffsetDateTime) -> Result<(), AppError> {
        let followed = follow(&self.app.keys, &self.app.store, now);
        self.health.keys_were_read(followed.is_err(), self.app.keys.is_void());
        let changed = followed?;
        self.changed = false;
        if changed {
            self.app.rotator.sweep(&self.app.keys.keys())?;
        }
        Ok(())
    }

    /// Records that the active key has signed.
    fn note_use(&self) -> StoreResult<()> {
        let signer = self.app.keys.signer();
        let unnoted = |keys: &[Key]| keys.iter().any(|key| key.kid == signer.kid() && !key.signed);
        if signer.used() && unnoted(&self.app.keys.keys()) {
            self.app.store.note_signed(signer.kid())?;
        }
        Ok(())
    }

    /// Takes the steps that are due. A failed step does not stop the others.
    fn step(&mut self, now: OffsetDateTime) -> Result<(), AppError> {
        let uptime = Duration::try_from(self.began.elapsed()).unwrap_or(Duration::MAX);
        let (keys, guards) = (self.app.keys.keys(), self.app.guards.list(now));
        let timers = self.app.observe_keys(&keys, now, uptime);
        let steps = next_steps(&keys, &guards, &self.app.keys.policy(), now, &timers);
        self.log_late_guards(&keys, &guards, now, &timers);
        let mut outcome = Ok(());
        for step in &steps {
            match self.take(step, now) {
                Ok(()) => self.changed = true,
                Err(error) => outcome = Err(error),
            }
        }
        if self.changed {
            self.follow(now)?;
        }
        outcome
    }

    fn take(&self, step: &Step, now: OffsetDateTime) -> Result<(), AppError> {
        let (rotator, store, act) = (&self.app.rotator, &self.app.store, Act::by_server(now));
        match step {
            Step::Activate(kid) => {
                rotator.activate_key(store, kid, &act)?;
                tracing::info!(%kid, "the key signs from now on");
            }
            Step::Retire(kid) => {
                rotator.retire_key(store, kid, &act)?;
                tracing::info!(%kid, "the key has left the key set");
            }
        }
        Ok(())
    }

    /// Logs once each guard that the standby key waits for, and again when it waits no longer.
    fn log_late_guards(
        &mut self,
        keys: &[Key],
        guards: &[Guard],
        now: OffsetDateTime,
        timers: &Timers,
    ) {
        let (policy, standby) = (self.app.keys.policy(), standby(keys));
        let late: BTreeSet<_> = standby
            .iter()
            .flat_map(|key| {
                let late = held_up_by(key, guards, &policy, now, timers);
                late.into_iter().map(|guard| (key.kid.clone(), guard.id.clone()))
            })
            .collect();
        for (kid, guard) in late.difference(&self.late) {
            tracing::warn!(
                %kid, client_id = %guard.client_id, instance = %guard.instance,
                patience = %policy.guard_patience,
                "a guard does not hold the standby key yet; a rotation waits for it, at most AUTH_GUARD_PATIENCE after the key's lead"
            );
        }
        let lacks = |kid: &str, id: &GuardId| {
            standby.is_some_and(|key| key.kid == kid)
                && guards.iter().any(|guard| guard.id == *id && guard.live && !guard.holds(kid))
        };
        for (kid, guard) in self.late.difference(&late).filter(|(kid, id)| lacks(kid, id)) {
            tracing::warn!(
                %kid, client_id = %guard.client_id, instance = %guard.instance,
                "a guard still does not hold the standby key; a rotation no longer waits for it"
            );
        }
        self.late = late;
    }
}
