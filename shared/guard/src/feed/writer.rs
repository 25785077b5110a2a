//! Carries out the machine's steps: revocations and keys in memory, then everything in one write to
//! the store.
//!
//! Memory comes first, so that a logout takes effect even if the disk is slow or full. If the write
//! fails, the revocation stays in memory, and the same change comes again.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::Instant;

use super::machine::Step;
use crate::freshness::Stamp;
use crate::keys::KeyCache;
use crate::pace::Pace;
use crate::revocations::{Revocations, revokes};
use crate::store::{Batch, Contact, GuardStore, SnapshotEnd, StoreError};
use signet_contract::clock::Clock;
use signet_contract::events::{Change, Event};
use signet_verifier::Verdicts;

/// The interval between two removals of revocations that touch only expired tokens.
const PRUNE_EVERY: Duration = Duration::from_secs(60);

/// The number of revocations that are added under one lock, while requests wait.
const AT_ONCE: usize = 1_000;

/// The writer.
pub(crate) struct Writer {
    store: Arc<dyn GuardStore>,
    clock: Arc<dyn Clock>,
    keys: Arc<KeyCache>,
    verdicts: Arc<Verdicts>,
    revocations: Arc<RwLock<Revocations>>,
    /// Stored superfluous revocations, until a write removes them.
    forget: Vec<u64>,
    pruned: Instant,
    touched: Option<Instant>,
    pace: Pace,
}

impl Writer {
    /// Creates a writer; `forget` are stored revocations that are superfluous.
    pub(crate) fn new(
        store: Arc<dyn GuardStore>,
        clock: Arc<dyn Clock>,
        keys: Arc<KeyCache>,
        verdicts: Arc<Verdicts>,
        revocations: Arc<RwLock<Revocations>>,
        forget: Vec<u64>,
        pace: Pace,
    ) -> Self {
        let pruned = Instant::now();
        Self { store, clock, keys, verdicts, revocations, forget, pruned, touched: None, pace }
    }

    pub(super) fn has_directory(&self) -> bool {
        self.store.has_directory()
    }

    /// Carries out one step, completely or not at all, and returns it.
    pub(super) async fn write(&mut self, step: Step, contact: Stamp) -> Result<Step, StoreError> {
        let at = contact.wall();
        self.prune();
        // Stored revocations that the same write removes.
        let mut forget = Vec::new();
        match &step {
            Step::Quiet => {
                if self.touched.is_some_and(|at| at.elapsed() < self.pace.touch) {
                    return Ok(step);
                }
            }
            Step::Apply { events, .. } => {
                self.take_in(events);
                forget = std::mem::take(&mut self.forget);
            }
            Step::Stage { finish: Some((revocations, position)), .. } => {
                let forgotten = self.lock().rebase(*position);
                self.forget.extend(forgotten);
                self.take_in(revocations);
                forget = std::mem::take(&mut self.forget);
            }
            Step::Stage { finish: None, .. } => {}
        }
        let store = Arc::clone(&self.store);
        let writing = tokio::task::spawn_blocking(move || {
            let written = perform(&*store, &step, &forget, at);
            (step, forget, written)
        });
        let (step, forget, written) = writing.await.map_err(StoreError::new)?;
        if let Err(error) = written {
            self.forget.extend(forget);
            return Err(error);
        }
        self.touched = Some(Instant::now());
        Ok(step)
    }

    fn take_in(&mut self, events: &[Event]) {
        let superfluous = take_in(&self.revocations, &self.keys, &self.verdicts, events);
        self.forget.extend(superfluous);
    }

    fn prune(&mut self) {
        if self.pruned.elapsed() < PRUNE_EVERY {
            return;
        }
        let now = Instant::now();
        self.pruned = now;
        let forgotten = self.lock().prune(now, self.clock.now());
        self.forget.extend(forgotten);
    }

    fn lock(&self) -> RwLockWriteGuard<'_, Revocations> {
        locked(&self.revocations)
    }
}

fn locked(revocations: &RwLock<Revocations>) -> RwLockWriteGuard<'_, Revocations> {
    revocations.write().unwrap_or_else(PoisonError::into_inner)
}

/// Updates revocations, keys and verdicts in memory. Returns the `seq`s of revocations that are
/// superfluous now.
pub(crate) fn take_in(
    revocations: &RwLock<Revocations>,
    keys: &KeyCache,
    verdicts: &Verdicts,
    events: &[Event],
) -> Vec<u64> {
    let now = Instant::now();
    let mut superfluous = Vec::new();
    // In parts, so that requests are judged in between.
    for part in events.chunks(AT_ONCE) {
        let mut revocations = locked(revocations);
        for event in part.iter().filter(|event| revokes(&event.change)) {
            superfluous.extend(revocations.apply(event, now));
        }
    }
    for event in events {
        match &event.change {
            Change::KeyPublished { kid } | Change::KeyActivated { kid } => keys.announce(kid),
            Change::KeyRevoked { kid } => {
                keys.revoke(kid);
                verdicts.clear();
            }
            _ => {}
        }
    }
    superfluous
}

/// Writes changes and the position after them to the store.
pub(crate) fn write_events(
    store: &dyn GuardStore,
    events: &[Event],
    position: u64,
    forget: &[u64],
    at: OffsetDateTime,
) -> Result<(), StoreError> {
    let superfluous: HashSet<_> = forget.iter().collect();
    let revocations: Vec<_> = events
        .iter()
        .filter(|event| revokes(&event.change) && !superfluous.contains(&event.seq))
        .cloned()
        .collect();
    store.apply(&Batch { events, revocations: &revocations, forget, position, at })
}

fn perform(
    store: &dyn GuardStore,
    step: &Step,
    forget: &[u64],
    at: OffsetDateTime,
) -> Result<(), StoreError> {
    match step {
        Step::Quiet => store.touch(Contact::Feed, at),
        Step::Apply { events, position } => write_events(store, events, *position, forget, at),
        Step::Stage { begin, users, finish } => {
            if *begin {
                store.begin_snapshot()?;
            }
            if !users.is_empty() {
                store.stage_users(users)?;
            }
            if let Some((revocations, position)) = finish {
                let (revocations, position) = (&revocations[..], *position);
                store.finish_snapshot(&SnapshotEnd { revocations, forget, position, at })?;
            }
            Ok(())
        }
    }
}
