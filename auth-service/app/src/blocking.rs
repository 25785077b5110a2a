//! The only step from async code to threads that may block: `domain` and `store` are synchronous.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tracing::Span;

use crate::error::AppError;

/// The longest wait for a database that reports nothing, not even a lock: the request is answered
/// within 5 s. The work may still be done: after an error, the outcome is unknown.
const PATIENCE: Duration = Duration::from_millis(4_700);

/// Runs `work` on the blocking pool. A panic in it is returned as an error; the panic hook writes
/// its message to the log.
pub async fn run<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, AppError> + Send + 'static,
) -> Result<T, AppError> {
    match timeout(PATIENCE, spawn(work)).await {
        Ok(Ok(done)) => done,
        Err(_) => Err(silent()),
        Ok(Err(_)) => Err(broken_off()),
    }
}

/// Runs `work` on the blocking pool, for as long as it takes. It is for work that must not go on
/// after its request was answered with an error.
pub async fn run_to_end<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, AppError> + Send + 'static,
) -> Result<T, AppError> {
    spawn(work).await.unwrap_or_else(|_| Err(broken_off()))
}

/// Spawns `work` in the span of the request, so that its log lines have the id of the request.
fn spawn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let span = Span::current();
    tokio::task::spawn_blocking(move || span.in_scope(work))
}

fn silent() -> AppError {
    AppError::Unavailable("the database does not answer".into())
}

fn broken_off() -> AppError {
    AppError::Internal("a task panicked, or the process is ending".into())
}

/// The most parts that wait to be taken. When they are not taken, the work waits, too.
const PARTS_AHEAD: usize = 2;

/// The parts that [`parts`] makes, one after the other.
pub struct Parts<T>(mpsc::Receiver<Result<Option<T>, AppError>>);

/// Runs `work`, which makes its result part by part, on the blocking pool. With each part, `work`
/// learns if the receiver wants more.
pub fn parts<T: Send + 'static>(
    work: impl FnOnce(&mut dyn FnMut(T) -> bool) -> Result<(), AppError> + Send + 'static,
) -> Parts<T> {
    let (sender, receiver) = mpsc::channel(PARTS_AHEAD);
    spawn(move || {
        let mut tell = |part| sender.blocking_send(Ok(Some(part))).is_ok();
        let end = work(&mut tell).map(|()| None);
        // An error of the channel: the receiver is gone.
        let _ = sender.blocking_send(end);
    });
    Parts(receiver)
}

impl<T> Parts<T> {
    /// Returns the next part; `None` after the last one. Without that `None`, parts are missing.
    pub async fn next(&mut self) -> Result<Option<T>, AppError> {
        match timeout(PATIENCE, self.0.recv()).await {
            Ok(Some(part)) => part,
            Ok(None) => Err(broken_off()),
            Err(_) => Err(silent()),
        }
    }
}
