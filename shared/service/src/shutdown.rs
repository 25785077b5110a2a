//! An orderly end: SIGTERM or Ctrl-C is told once to everyone who waits for something long.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Tells whether the process is ending, and wakes those who wait for it.
#[derive(Debug, Clone)]
pub struct Shutdown(watch::Receiver<bool>);

/// Ends what listens to the [`Shutdown`] it was made with.
#[derive(Debug, Clone)]
pub struct Trigger(watch::Sender<bool>);

/// A fresh pair of trigger and listener.
pub fn channel() -> (Trigger, Shutdown) {
    let (sender, receiver) = watch::channel(false);
    (Trigger(sender), Shutdown(receiver))
}

impl Trigger {
    /// Begins the end.
    pub fn fire(&self) {
        self.0.send_replace(true);
    }

    /// Begins the end at the first SIGTERM or SIGINT.
    pub async fn fire_on_signal(self) -> std::io::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: requests under way are finished first");
        self.fire();
        // Kept alive: a dropped sender would be read as a shutdown that nobody asked for.
        std::future::pending().await
    }
}

impl Shutdown {
    /// Whether the end has begun.
    pub fn begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the end begins, or the trigger is gone.
    pub async fn wait(&self) {
        let mut receiver = self.0.clone();
        // An error means that the trigger is gone, which ends the process too.
        let _ = receiver.wait_for(|begun| *begun).await;
    }
}
