//! Signals: SIGTERM or Ctrl-C begins an orderly shutdown, which notifies every task that waits for
//! it. A second one ends the process at once. Other signals that the tools of an operator send are
//! ignored.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::telemetry;

/// The exit status after a second signal: requests in progress were not answered.
const CUT_SHORT: i32 = 1;

/// Shows if the shutdown has begun, and wakes the tasks that wait for it.
#[derive(Debug, Clone)]
pub struct Shutdown(watch::Receiver<bool>);

/// Starts the shutdown for the [`Shutdown`] of the same pair.
#[derive(Debug, Clone)]
pub struct Trigger(watch::Sender<bool>);

/// Ignores SIGHUP, SIGUSR1 and SIGUSR2 from now on, which would end the process. Log rotation and
/// closing terminals send them.
pub fn ignore_other_signals() -> std::io::Result<()> {
    for kind in [SignalKind::hangup(), SignalKind::user_defined1(), SignalKind::user_defined2()] {
        // The handler, which does nothing, stays when the stream is dropped.
        drop(signal(kind)?);
    }
    Ok(())
}

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

    /// Starts the shutdown at the first SIGTERM or SIGINT, and ends the process at the second one.
    pub async fn fire_on_signal(self) -> std::io::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        either(&mut terminate, &mut interrupt).await;
        tracing::info!("stopping after the requests in progress; a second signal stops at once");
        self.fire();
        either(&mut terminate, &mut interrupt).await;
        tracing::warn!("stopped by a second signal, before every request was answered");
        telemetry::flush();
        std::process::exit(CUT_SHORT)
    }
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
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
