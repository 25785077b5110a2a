//! The one hop to threads that may block.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use signet_service::problem_response::ProblemError;
use tokio::sync::Semaphore;

/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(2);

/// Lets so many jobs block at a time; the others wait without a thread of their own.
#[derive(Debug, Clone)]
pub struct Blocking(Arc<Semaphore>);

impl Blocking {
    /// A hop for `most` jobs at a time.
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Semaphore::new(most)))
    }

    /// Runs `job` on a thread that may block.
    ///
    /// # Errors
    ///
    /// A `503` if its turn does not come in time, a `500` if it panics.
    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ProblemError> {
        let turn = tokio::time::timeout(PATIENCE, self.0.clone().acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            return Err(ProblemError::retry_after(
                StatusCode::SERVICE_UNAVAILABLE,
                "Too much is asked of this service at the moment; try again.",
                1,
            ));
        };
        let done = tokio::task::spawn_blocking(move || {
            let done = job();
            drop(turn);
            done
        });
        done.await.map_err(|_panic| ProblemError::internal())
    }
}
