//! The one hop from async code to threads that may block: `domain` and `store` are synchronous.

use std::time::Duration;

use crate::domain::error::{StoreError, StoreResult};

/// A database that says nothing for so long, not even that it is locked, is given up: the request
/// is answered within 5 s. The work may still be done; an error says that nobody knows.
const PATIENCE: Duration = Duration::from_millis(4_700);

/// Runs `work` on the blocking pool. A panic in it is an error here; its message goes to the log
/// by the panic hook.
pub async fn run<T: Send + 'static>(
    work: impl FnOnce() -> StoreResult<T> + Send + 'static,
) -> StoreResult<T> {
    match tokio::time::timeout(PATIENCE, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(done)) => done,
        Err(_) => Err(StoreError::Unavailable("it does not answer".into())),
        Ok(Err(_)) => Err(StoreError::Failed("a task panicked, or the process is ending".into())),
    }
}
