//! The one hop from async code to threads that may block: `domain` and `store` are synchronous.

use crate::domain::error::{StoreError, StoreResult};

/// Runs `work` on the blocking pool. A panic in it is an error here; its message goes to the log
/// by the panic hook.
pub async fn run<T: Send + 'static>(
    work: impl FnOnce() -> StoreResult<T> + Send + 'static,
) -> StoreResult<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(_) => Err(StoreError::Failed("a task panicked, or the process is ending".into())),
    }
}
