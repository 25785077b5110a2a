//! An orderly shutdown: SIGTERM or Ctrl-C notifies every task that waits for it.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Shows if the shutdown has begun, and wakes the tasks that wait for it.
#[derive(Debug, Clone)]
pub struct Shutdown(watch::Receiver<bool>);

/// Starts the shutdown for the [`Shutdown`] of the same pair.
#[derive(Debug, Clone)]
pub struct Trigger(watch::Sender<bool>);

/// Creates a pair of trigger and listener.
pub fn channel() -> (Trigger, Shutdown) {
    let (sender, receiver) = watch::channel(false);
    (Trigger(sender), Shutdown(receiver))
}

impl Trigger {
    /// Starts the shutdown.
    pub fn fire(&self) {
        self.0.send_replace(true);
    }

    /// Starts the shutdown at the first SIGTERM or SIGINT.
    pub async fn fire_on_signal(self) -> std::io::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping after the requests in progress");
        self.fire();
        // Kept alive: a dropped sender would count as a shutdown.
        std::future::pending().await
    }
}

impl Shutdown {
    /// Returns true if the shutdown has begun.
    pub fn begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the shutdown begins, or the trigger is dropped.
    pub async fn wait(&self) {
        let mut receiver = self.0.clone();
        // An error means that the trigger is dropped, which also ends the process.
        let _ = receiver.wait_for(|begun| *begun).await;
    }
}
