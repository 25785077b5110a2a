//! How the guard's tasks learn that they end: told so, or left by the last clone of the guard.

use tokio::sync::watch;

/// The receiving end, one for each task.
#[derive(Debug)]
pub(super) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Listens to `sender`.
    pub(super) fn of(sender: &watch::Sender<bool>) -> Self {
        Self(sender.subscribe())
    }

    /// Waits for the end.
    pub(super) async fn told(&mut self) {
        // An error means that the guard is gone, which is the end too.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}
