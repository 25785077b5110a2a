//! The stop signal of the guard's tasks: a call, or the drop of the last clone of the guard.

use tokio::sync::watch;

/// The receiving end, one for each task.
#[derive(Debug)]
pub(super) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Subscribes to `sender`.
    pub(super) fn of(sender: &watch::Sender<bool>) -> Self {
        Self(sender.subscribe())
    }

    /// Waits for the signal.
    pub(super) async fn told(&mut self) {
        // An error means that the guard is dropped, which is a stop too.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}
