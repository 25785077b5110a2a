//! The reader's state, for requests that wait for a position and for the status.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::freshness::Stamp;

/// The reader's state, as shared with other tasks.
#[derive(Debug)]
pub(crate) struct FeedView {
    position: watch::Sender<Option<u64>>,
    started: AtomicBool,
    seen: Mutex<Seen>,
}

/// The parts that mainly the status shows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub(crate) caught_up: bool,
    pub(crate) contact: Option<Stamp>,
    pub(crate) lag: Option<Duration>,
    pub(crate) last_error: Option<String>,
    /// The users of an unfinished snapshot that are read.
    pub(crate) snapshot: Option<usize>,
}

impl FeedView {
    /// The view after a restart.
    pub(crate) fn new(position: Option<u64>, contact: Option<Stamp>) -> Self {
        Self {
            position: watch::Sender::new(position),
            started: AtomicBool::new(false),
            seen: Mutex::new(Seen { contact, ..Seen::default() }),
        }
    }

    /// Returns the position of the feed that is applied.
    pub(crate) fn position(&self) -> Option<u64> {
        *self.position.borrow()
    }

    /// Waits until `position` is applied; returns `false` after `deadline`.
    pub(crate) async fn reaches(&self, position: u64, deadline: Instant) -> bool {
        let mut receiver = self.position.subscribe();
        let reached = receiver.wait_for(|held| held.is_some_and(|held| held >= position));
        matches!(timeout_at(deadline, reached).await, Ok(Ok(_)))
    }

    /// Returns true if the guard may judge requests: the feed was caught up once, or the issuer was
    /// unreachable.
    pub(crate) fn started(&self) -> bool {
        self.started.load(Ordering::SeqCst)
    }

    pub(crate) fn start(&self) {
        if !self.started.swap(true, Ordering::SeqCst) {
            tracing::info!(position = self.position(), "the guard serves");
        }
    }

    /// The time at which the data was current.
    pub(crate) fn contact(&self) -> Option<Stamp> {
        self.lock().contact
    }

    /// Returns the other parts of the state.
    pub(crate) fn seen(&self) -> Seen {
        self.lock().clone()
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.lock());
    }

    pub(crate) fn move_to(&self, position: Option<u64>) {
        self.position.send_if_modified(|held| std::mem::replace(held, position) != position);
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
