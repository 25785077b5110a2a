//! Group commit: write transactions of several requests share one commit of a `SQLite` file.
//!
//! A commit waits for the disk, and a file has one writer. Each member does its work in a savepoint
//! of one transaction. A member commits the transaction if no other one waits for the writer, and
//! leaves it open for the next one otherwise. No member returns before the commit. An error of the
//! environment, such as a full disk, fails all members.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use diesel::prelude::*;

use super::Store;
use super::failure;
use super::pool::Slot;
use super::transaction::Transaction;
use crate::error::{StoreError, StoreResult};

/// The most members of a group: the first one waits for all others.
const MOST: usize = 32;

/// The time after which a member looks for the writer itself. The one that it left the transaction to
/// may have stopped waiting.
const PATIENCE: Duration = Duration::from_millis(50);

/// A transaction with several members.
#[derive(Debug, Default)]
pub(super) struct Group {
    members: Mutex<Members>,
    decided: Condvar,
}

#[derive(Debug, Default)]
struct Members {
    count: usize,
    /// The position of the last event of all members.
    position: Option<u64>,
    /// The result of the commit, once there is one.
    outcome: Option<Result<(), String>>,
}

impl Group {
    /// Adds a member that did its work. Returns the number of members.
    fn join(&self, position: Option<u64>) -> usize {
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        members.count += 1;
        members.position = position.max(members.position);
        members.count
    }

    /// Returns the position of the last event.
    fn position(&self) -> Option<u64> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner).position
    }

    /// Tells all members the result of the commit. The first result stays.
    pub(super) fn decide(&self, outcome: Result<(), String>) {
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        members.outcome.get_or_insert(outcome);
        self.decided.notify_all();
    }

    /// Waits for the outcome, at most [`PATIENCE`].
    fn outcome(&self) -> Option<Result<(), String>> {
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .decided
            .wait_timeout_while(members, PATIENCE, |members| members.outcome.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        waited.0.outcome.clone()
    }
}

/// The writer with an open transaction of a group. Without an end, such as after a panic, the group
/// fails and the pool drops the connection, which rolls the transaction back.
struct Open<'s> {
    slot: &'s mut Slot,
    group: Arc<Group>,
    ended: bool,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.slot.mark_broken();
            self.group.decide(Err("a member of the group failed".into()));
        }
    }
}

impl<'s> Open<'s> {
    /// Takes the open transaction of the writer, or begins one.
    fn take(slot: &'s mut Slot) -> QueryResult<Self> {
        let group = if let Some(group) = slot.take_group() {
            group
        } else {
            slot.begin_writing()?;
            Arc::default()
        };
        Ok(Self { slot, group, ended: false })
    }

    fn leave_open(mut self) {
        self.ended = true;
        self.slot.keep_group(Arc::clone(&self.group));
    }

    /// Commits and announces the events.
    fn commit(mut self, store: &Store) {
        self.ended = true;
        let committed = self.slot.commit_writing();
        match &committed {
            Ok(()) => {
                if let Some(position) = self.group.position() {
                    store.announce(position);
                }
            }
            Err(_) => self.slot.mark_broken(),
        }
        self.group.decide(committed.map_err(|error| error.to_string()));
    }
}

impl Store {
    /// Runs short `work` as [`Self::write`] does. At a file, it may share the commit of others.
    pub(super) fn write_in_group<T>(
        &self,
        work: impl FnOnce(&mut Transaction<'_>) -> QueryResult<T>,
    ) -> StoreResult<T> {
        if !self.connections.has_one_writer() {
            return self.write(work);
        }
        self.step(|| {
            self.check_identity()?;
            let mut slot = self.connections.queued_writer()?;
            let open = Open::take(&mut slot).map_err(failure::store_error)?;
            let (done, position) = match open.slot.transaction(|c| Transaction::run(c, work)) {
                Ok((done, position)) => (Ok(done), position),
                // The savepoint is rolled back, and the work of the others stays.
                Err(error) if failure::is_taken(&error) => (Err(error), None),
                Err(error) => return Err(failure::store_error(error)),
            };
            let (group, count) = (Arc::clone(&open.group), open.group.join(position));
            if count < MOST && self.connections.queue() > 0 {
                open.leave_open();
            } else {
                open.commit(self);
            }
            drop(slot);
            self.wait_for_commit(&group)?;
            done.map_err(failure::store_error)
        })
    }

    fn wait_for_commit(&self, group: &Arc<Group>) -> StoreResult<()> {
        loop {
            if let Some(outcome) = group.outcome() {
                return outcome.map_err(StoreError::Unavailable);
            }
            self.end_open_group(&mut *self.connections.writer()?)?;
        }
    }

    /// Commits the open transaction of a group, if there is one.
    pub(super) fn end_open_group(&self, slot: &mut Slot) -> StoreResult<()> {
        if slot.has_group() {
            Open::take(slot).map_err(failure::store_error)?.commit(self);
        }
        Ok(())
    }
}
