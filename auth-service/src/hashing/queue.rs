//! The queue between those who ask for a hash and the threads that make it.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::argon2id::{HashError, Memory, Verified, hash_in};
use super::scheme::verify_in;

/// How long a thread keeps its working memory without work.
const KEEP_MEMORY: Duration = Duration::from_mins(1);

/// A piece of work, and where its result goes. If nobody waits for the result any more, the work
/// is not done.
pub(super) enum Job {
    /// Makes a hash.
    Hash { password: Zeroizing<Vec<u8>>, result: oneshot::Sender<Result<String, HashError>> },
    /// Judges a password.
    Verify {
        password: Zeroizing<Vec<u8>>,
        phc: String,
        result: oneshot::Sender<Result<Verified, HashError>>,
    },
}

impl Job {
    fn run(self, memory: &mut Memory) {
        // A send fails if the waiter has gone meanwhile: nobody misses the result then.
        match self {
            Self::Hash { password, result } => {
                if !result.is_closed() {
                    let _ = result.send(hash_in(memory, &password));
                }
            }
            Self::Verify { password, phc, result } => {
                if !result.is_closed() {
                    let _ = result.send(verify_in(memory, &password, &phc));
                }
            }
        }
    }
}

/// First come, first served. Its length is bounded by the turns that the pool gives out.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    closed: bool,
}

impl Queue {
    pub(super) fn push(&self, job: Job) {
        self.lock().jobs.push_back(job);
        self.changed.notify_one();
    }

    /// Lets the threads end when the queue is empty.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Works until the queue is closed.
    pub(super) fn work(&self) {
        let mut memory = Memory::default();
        while let Some(job) = self.next(&mut memory) {
            // A panic costs the one result; its caller sees the channel close.
            if catch_unwind(AssertUnwindSafe(|| job.run(&mut memory))).is_err() {
                memory = Memory::default();
            }
        }
    }

    fn next(&self, memory: &mut Memory) -> Option<Job> {
        let mut waiting = self.lock();
        loop {
            if let Some(job) = waiting.jobs.pop_front() {
                return Some(job);
            }
            if waiting.closed {
                return None;
            }
            if memory.held() {
                let (woken, timeout) = self
                    .changed
                    .wait_timeout(waiting, KEEP_MEMORY)
                    .unwrap_or_else(PoisonError::into_inner);
                waiting = woken;
                if timeout.timed_out() && waiting.jobs.is_empty() {
                    *memory = Memory::default();
                }
            } else {
                waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // No code that could panic runs under the lock, so a poisoned one holds a sound queue.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> (Job, oneshot::Receiver<Result<String, HashError>>) {
        let (result, done) = oneshot::channel();
        (Job::Hash { password: Zeroizing::new(b"a password".to_vec()), result }, done)
    }

    #[test]
    fn a_job_whose_caller_has_gone_costs_no_hash() {
        let mut memory = Memory::default();
        let (abandoned, done) = job();
        drop(done);
        abandoned.run(&mut memory);
        assert!(!memory.held());

        let (wanted, mut done) = job();
        wanted.run(&mut memory);
        assert!(memory.held() && done.try_recv().unwrap().is_ok());
    }

    #[test]
    fn a_closed_queue_is_emptied_before_its_threads_end() {
        let queue = Queue::default();
        let (job, mut done) = job();
        queue.push(job);
        queue.close();
        queue.work();
        assert!(done.try_recv().unwrap().is_ok());
    }
}
