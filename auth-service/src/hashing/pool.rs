//! The threads, and how many may ask for them at once.

use std::fmt;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use tokio::sync::Semaphore;

use super::argon2id::{HashError, hash};
use super::queue::Queue;
use super::turn::{Busy, Turn};

/// How many may wait for each thread. At about 40 hashes a second and thread, the last of them
/// waits some one and a half seconds, which a person at a log-in form bears.
const TURNS_PER_THREAD: usize = 64;

/// Hashes passwords on its own threads; cheap to clone.
#[derive(Clone)]
pub struct HashingPool(Arc<Inner>);

struct Inner {
    queue: Arc<Queue>,
    turns: Arc<Semaphore>,
    capacity: usize,
    /// A hash of a password that nobody knows, with the parameters of new ones.
    stand_in: String,
}

impl HashingPool {
    /// A pool with one thread for each core.
    ///
    /// # Errors
    ///
    /// There is no randomness, or no thread can be started.
    pub fn start() -> Result<Self, HashError> {
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        Self::with(threads, threads * TURNS_PER_THREAD)
    }

    /// A pool of `threads`, for which at most `capacity` callers queue or are served.
    pub fn with(threads: usize, capacity: usize) -> Result<Self, HashError> {
        let mut nobodys = [0; 32];
        getrandom::fill(&mut nobodys).map_err(|error| HashError::Failed(error.to_string()))?;
        let queue = Arc::new(Queue::default());
        let inner = Inner {
            queue: Arc::clone(&queue),
            turns: Arc::new(Semaphore::new(capacity)),
            capacity,
            stand_in: hash(&nobodys)?,
        };
        // Made before the threads: if one can't be started, dropping it ends the others.
        let pool = Self(Arc::new(inner));
        for number in 0..threads {
            let queue = Arc::clone(&queue);
            thread::Builder::new()
                .name(format!("hashing-{number}"))
                .spawn(move || queue.work())
                .map_err(|error| HashError::Failed(error.to_string()))?;
        }
        Ok(pool)
    }

    /// A turn, if not too many wait already.
    pub fn enter(&self) -> Result<Turn, Busy> {
        let permit = Arc::clone(&self.0.turns).try_acquire_owned().map_err(|_| Busy)?;
        Ok(Turn::new(permit, Arc::clone(&self.0.queue)))
    }

    /// What to verify a password against where there is no account, so that it costs the same.
    pub fn stand_in(&self) -> &str {
        &self.0.stand_in
    }

    /// How many turns are taken now.
    pub fn taken(&self) -> usize {
        self.0.capacity - self.0.turns.available_permits()
    }
}

impl fmt::Debug for HashingPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HashingPool").field("taken", &self.taken()).finish_non_exhaustive()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.queue.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hashing::Verified;
    use zeroize::Zeroizing;

    fn bytes(text: &str) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(text.as_bytes().to_vec())
    }

    #[tokio::test]
    async fn a_turn_verifies_what_a_turn_hashed() {
        let pool = HashingPool::with(1, 2).unwrap();
        let mut turn = pool.enter().unwrap();
        let phc = turn.hash(bytes("one two three")).await.unwrap();
        let right = turn.verify(bytes("one two three"), phc.clone()).await.unwrap();
        assert_eq!(right, Verified::Right { outdated: false });
        assert_eq!(turn.verify(bytes("one two four"), phc).await.unwrap(), Verified::Wrong);
    }

    #[tokio::test]
    async fn past_its_capacity_the_pool_is_busy_until_a_turn_ends() {
        let pool = HashingPool::with(1, 2).unwrap();
        let (one, _two) = (pool.enter().unwrap(), pool.enter().unwrap());
        assert!(pool.enter().is_err());
        assert_eq!(pool.taken(), 2);
        drop(one);
        assert!(pool.enter().is_ok());
    }
}
