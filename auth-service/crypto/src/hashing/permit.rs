//! The permit of one caller: it holds a place in the queue until it is dropped.

use std::sync::Arc;

use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::argon2id::{HashError, Verified};
use super::job::Job;
use super::queue::{Place, PlaceSignal, Queue};

/// Too many callers wait already, or the place went to a caller of another network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are waiting to be hashed")]
pub struct Busy;

/// The error of a permit without a result.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// The place was taken away before the work began.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The hash could not be made or verified.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The thread is gone: only a panic in it can be the reason.
    #[error("a hashing thread ended")]
    Gone,
}

/// A place in the queue, for one job at a time.
///
/// The place can be taken away until a thread begins with the job. A caller keeps the permit until
/// the database has answered, so that few callers use the database at once. After its job has
/// begun, the caller waits for nothing else.
pub struct HashPermit {
    place: Place,
    signal: PlaceSignal,
    queue: Arc<Queue>,
}

impl HashPermit {
    pub(super) fn new(place: Place, signal: PlaceSignal, queue: Arc<Queue>) -> Self {
        Self { place, signal, queue }
    }

    /// Waits until the place is taken away, for a caller that waits for something else meanwhile.
    pub async fn evicted(&mut self) -> Busy {
        while self.signal.changed().await.is_ok() {}
        Busy
    }

    /// Hashes `password`; returns a PHC string.
    pub async fn hash(&mut self, password: Zeroizing<Vec<u8>>) -> Result<String, PoolError> {
        let (result, done) = oneshot::channel();
        self.queue.push(&self.place, Job::Hash { password, result });
        self.answer(done).await
    }

    /// Verifies `password` against a stored hash.
    pub async fn verify(
        &mut self,
        password: Zeroizing<Vec<u8>>,
        phc: String,
    ) -> Result<Verified, PoolError> {
        let (result, done) = oneshot::channel();
        self.queue.push(&self.place, Job::Verify { password, phc, result });
        self.answer(done).await
    }

    async fn answer<T>(
        &self,
        done: oneshot::Receiver<Result<T, HashError>>,
    ) -> Result<T, PoolError> {
        match done.await {
            Ok(result) => Ok(result?),
            // The signal ends before the job is dropped.
            Err(_) if self.signal.has_changed().is_err() => Err(Busy.into()),
            Err(_) => Err(PoolError::Gone),
        }
    }
}

impl Drop for HashPermit {
    fn drop(&mut self) {
        self.queue.leave(&self.place);
    }
}
