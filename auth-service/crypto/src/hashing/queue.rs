//! The queue between callers that ask for a hash and the threads that make it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::argon2id::Memory;
use super::fair_queue::{self, Entered, FairQueue, Full};
use super::job::Job;
use auth_domain::network::Network;

/// The time for which a thread without work keeps its working memory.
const KEEP_MEMORY: Duration = Duration::from_mins(1);

/// A caller's network. All callers without a known address are one network.
pub(super) type Caller = Option<Network>;

/// A place of a caller.
pub(super) type Place = fair_queue::Place<Caller>;

/// The receiving end of a place's signal: the other end is dropped with the place.
pub(super) type PlaceSignal = watch::Receiver<()>;

/// The counts of the queue since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueCounts {
    /// Callers that found no place.
    pub refused: u64,
    /// Callers that lost their place to a caller of another network.
    pub evicted: u64,
}

/// The places, the waiting jobs, and the signal that wakes the threads.
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    fair: FairQueue<Caller, watch::Sender<()>, Job>,
    counts: QueueCounts,
    closed: bool,
}

impl Queue {
    /// Creates a queue of `capacity` places, of which at most `most_begun` have a job that has begun.
    pub(super) fn new(capacity: usize, most_begun: usize) -> Self {
        let fair = FairQueue::new(capacity, most_begun);
        let state = State { fair, counts: QueueCounts::default(), closed: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Takes a place for `caller`.
    pub(super) fn enter(&self, caller: Caller) -> Result<(Place, PlaceSignal), Full> {
        let (sender, signal) = watch::channel(());
        let mut state = self.lock();
        let entered = state.fair.enter(caller, sender);
        let Entered { place, evicted } = match entered {
            Ok(entered) => entered,
            Err(full) => {
                state.counts.refused += 1;
                return Err(full);
            }
        };
        if let Some(evicted) = evicted {
            state.counts.evicted += 1;
            drop(state);
            // The signal is dropped first: the caller reads it to learn why its job was dropped.
            drop(evicted.signal);
            drop(evicted.job);
        }
        Ok((place, signal))
    }

    /// Queues a job at a place. Drops the job if its place was taken away.
    pub(super) fn push(&self, place: &Place, job: Job) {
        let dropped = self.lock().fair.push(place, job).err();
        if dropped.is_none() {
            self.changed.notify_one();
        }
    }

    /// Gives a place back, with the job that waits there.
    pub(super) fn leave(&self, place: &Place) {
        self.lock().fair.leave(place);
        // Another job may begin now.
        self.changed.notify_one();
    }

    /// Returns the number of places.
    pub(super) fn capacity(&self) -> usize {
        self.lock().fair.capacity()
    }

    /// Returns the number of places that are taken.
    pub(super) fn held(&self) -> usize {
        self.lock().fair.held()
    }

    /// Returns the counts since the start.
    pub(super) fn counts(&self) -> QueueCounts {
        self.lock().counts
    }

    /// Lets the threads end when no job waits.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Works until the queue is closed.
    pub(super) fn work(&self) {
        let mut memory = Memory::default();
        while let Some(job) = self.next(&mut memory) {
            // A panic loses this one result; its caller sees the channel close.
            if catch_unwind(AssertUnwindSafe(|| job.run(&mut memory))).is_err() {
                memory = Memory::default();
            }
        }
    }

    fn next(&self, memory: &mut Memory) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if let Some(next) = state.fair.next() {
                return Some(next);
            }
            // If a waiting job may not begin yet, the next caller that leaves wakes the thread.
            if state.closed && !state.fair.waits() {
                // Other threads may still wait for a job that is done now.
                self.changed.notify_all();
                return None;
            }
            if memory.held() {
                let (woken, timeout) = self
                    .changed
                    .wait_timeout(state, KEEP_MEMORY)
                    .unwrap_or_else(PoisonError::into_inner);
                state = woken;
                // A job that arrived meanwhile is taken first, in the memory that is still held.
                if timeout.timed_out() {
                    if let Some(next) = state.fair.next() {
                        return Some(next);
                    }
                    *memory = Memory::default();
                }
            } else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that could panic runs under the lock, so a poisoned one holds a sound queue.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;
    use zeroize::Zeroizing;

    use super::*;

    #[test]
    fn closed_queue_is_emptied_before_its_threads_end() {
        let queue = Queue::new(1, 1);
        let (result, mut done) = oneshot::channel();
        let (place, _signal) = queue.enter(None).unwrap();
        queue.push(&place, Job::Hash { password: Zeroizing::new(b"a password".to_vec()), result });
        queue.close();
        queue.work();
        assert!(done.try_recv().unwrap().is_ok());
    }
}
