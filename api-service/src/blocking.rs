//! Jobs on threads that may block.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use signet_service::problem_response::ProblemError;
use tokio::sync::Semaphore;
use tracing::Span;

/// The time that a request waits for a permit.
const PATIENCE: Duration = Duration::from_secs(2);

/// A limit on the jobs that block at a time. Waiting jobs need no thread.
#[derive(Debug, Clone)]
pub struct Blocking(Arc<Semaphore>);

impl Blocking {
    /// Creates a limit of `most` jobs at a time.
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Semaphore::new(most)))
    }

    /// Runs `job` on a thread that may block, in the span of the request.
    ///
    /// # Errors
    ///
    /// A `503` if no permit is free in time, a `500` if the job panics.
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
        let span = Span::current();
        let done = tokio::task::spawn_blocking(move || {
            let done = span.in_scope(job);
            drop(turn);
            done
        });
        done.await.map_err(|_panic| ProblemError::internal())
    }
}
