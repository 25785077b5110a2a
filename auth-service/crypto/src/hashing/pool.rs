//! The hashing threads, and the places in the queue before them.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use super::argon2id::{HashError, stand_in};
use super::permit::{Busy, HashPermit};
use super::queue::{Queue, QueueCounts};
use auth_domain::network::Network;

/// Places for each thread. At about 40 hashes a second and thread, the last caller waits about one
/// and a half seconds, which a person at a log-in form accepts.
const PLACES_PER_THREAD: usize = 64;

/// Callers for each thread that may use the database after their hash. Each of them must get an
/// answer within five seconds, also if a commit takes 100 ms: `SQLite` has one writer.
const BEGUN_PER_THREAD: usize = 16;

/// Hashes passwords on its own threads; cheap to clone.
#[derive(Clone)]
pub struct HashingPool(Arc<Inner>);

struct Inner {
    queue: Arc<Queue>,
    /// See [`HashingPool::stand_in`].
    stand_in: String,
}

impl HashingPool {
    /// Creates a pool with one thread for each core.
    ///
    /// # Errors
    ///
    /// There is no randomness, or no thread can be started.
    pub fn start() -> Result<Self, HashError> {
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        Self::with(threads, threads * PLACES_PER_THREAD)
    }

    /// Creates a pool of `threads`, in which at most `capacity` callers wait or are served.
    pub fn with(threads: usize, capacity: usize) -> Result<Self, HashError> {
        let queue = Arc::new(Queue::new(capacity, threads.max(1) * BEGUN_PER_THREAD));
        let inner = Inner { queue: Arc::clone(&queue), stand_in: stand_in()? };
        // The pool exists before its threads: if one can't be started, dropping it ends the others.
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

    /// Returns a permit for a caller from `address`; `None` stands for the callers without a known
    /// address.
    ///
    /// # Errors
    ///
    /// Every place is taken, and the caller's network holds a quarter of them, or no network holds
    /// more.
    pub fn enter(&self, address: Option<IpAddr>) -> Result<HashPermit, Busy> {
        let network = address.map(Network::from);
        let (place, signal) = self.0.queue.enter(network).map_err(|_| Busy)?;
        Ok(HashPermit::new(place, signal, Arc::clone(&self.0.queue)))
    }

    /// Returns the hash to verify against if there is no account, so that the cost is the same.
    pub fn stand_in(&self) -> &str {
        &self.0.stand_in
    }

    /// Returns the number of places.
    pub fn capacity(&self) -> usize {
        self.0.queue.capacity()
    }

    /// Returns the number of places that are taken now.
    pub fn taken(&self) -> usize {
        self.0.queue.held()
    }

    /// Returns what the queue has counted since the start.
    pub fn counts(&self) -> QueueCounts {
        self.0.queue.counts()
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
    use futures_util::FutureExt as _;
    use zeroize::Zeroizing;

    use super::*;
    use crate::hashing::{PoolError, Verified};

    fn bytes(text: &str) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(text.as_bytes().to_vec())
    }

    #[expect(clippy::unnecessary_wraps, reason = "as `enter` takes it")]
    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[tokio::test]
    async fn permit_verifies_a_hash_of_another_permit() {
        let pool = HashingPool::with(1, 2).unwrap();
        let mut permit = pool.enter(None).unwrap();
        let phc = permit.hash(bytes("one two three")).await.unwrap();
        let right = permit.verify(bytes("one two three"), phc.clone()).await.unwrap();
        assert_eq!(right, Verified::Right { outdated: false });
        assert_eq!(permit.verify(bytes("one two four"), phc).await.unwrap(), Verified::Wrong);
    }

    #[tokio::test]
    async fn full_pool_is_busy_until_a_permit_is_dropped() {
        let pool = HashingPool::with(1, 2).unwrap();
        let (one, _two) = (pool.enter(None).unwrap(), pool.enter(None).unwrap());
        assert!(pool.enter(None).is_err());
        assert_eq!((pool.taken(), pool.counts().refused), (2, 1));
        drop(one);
        assert!(pool.enter(None).is_ok());
    }

    #[tokio::test]
    async fn newcomer_of_another_network_ends_the_newest_permit_of_a_flood() {
        // Without threads, no job begins.
        let pool = HashingPool::with(0, 4).unwrap();
        let flood = address("2001:db8::1");
        let mut permits: Vec<_> = (0..4).map(|_| pool.enter(flood).unwrap()).collect();
        assert!(pool.enter(address("2001:db8::2")).is_err(), "one IPv6 network");
        let (mut last, mut third) = (permits.pop().unwrap(), permits.pop().unwrap());
        let mut waiting = Box::pin(last.hash(bytes("one two three")));
        assert!(waiting.as_mut().now_or_never().is_none());
        let _victim = pool.enter(address("192.0.2.1")).unwrap();
        assert!(matches!(waiting.await, Err(PoolError::Busy(Busy))));
        let _other = pool.enter(address("192.0.2.2")).unwrap();
        assert_eq!(third.evicted().await, Busy);
        let late = third.hash(bytes("one two three")).await;
        assert!(matches!(late, Err(PoolError::Busy(Busy))));
        assert_eq!((pool.taken(), pool.counts().evicted), (4, 2));
        assert!(pool.enter(address("::ffff:192.0.2.1")).is_err(), "an IPv4 address, mapped");
    }
}
