//! One caller's turn at the pool: it holds its place from before the first hash to after the last.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, oneshot};
use zeroize::Zeroizing;

use super::argon2id::{HashError, Verified};
use super::queue::{Job, Queue};

/// Too many wait already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are waiting to be hashed")]
pub struct Busy;

/// A turn brought no result.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// The hash could not be made or judged.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The thread is gone, which only a panic in it explains.
    #[error("a hashing thread ended")]
    Gone,
}

/// A place in the queue. One job at a time: the queue can't grow past the number of turns.
pub struct Turn {
    _place: OwnedSemaphorePermit,
    queue: Arc<Queue>,
}

impl Turn {
    pub(super) fn new(place: OwnedSemaphorePermit, queue: Arc<Queue>) -> Self {
        Self { _place: place, queue }
    }

    /// Hashes `password`; gives a PHC string.
    pub async fn hash(&mut self, password: Zeroizing<Vec<u8>>) -> Result<String, PoolError> {
        let (result, done) = oneshot::channel();
        self.queue.push(Job::Hash { password, result });
        Ok(done.await.map_err(|_| PoolError::Gone)??)
    }

    /// Judges `password` against a stored hash.
    pub async fn verify(
        &mut self,
        password: Zeroizing<Vec<u8>>,
        phc: String,
    ) -> Result<Verified, PoolError> {
        let (result, done) = oneshot::channel();
        self.queue.push(Job::Verify { password, phc, result });
        Ok(done.await.map_err(|_| PoolError::Gone)??)
    }
}
