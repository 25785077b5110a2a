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

/// A permit brought no result.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// The place was taken away before the work began.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The hash could not be made or judged.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The thread is gone, which only a panic in it explains.
    #[error("a hashing thread ended")]
    Gone,
}

/// A place in the queue, for one job at a time.
///
/// The place can be taken away until a thread begins with the job. A caller keeps the permit until its
/// answer from the database, since few callers at once go there. It waits for nothing else with a job
/// that has begun.
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

    /// Judges `password` against a stored hash.
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
