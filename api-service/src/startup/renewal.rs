//! A replica that turns out to be damaged while it is served: this process ends in order and starts
//! over in its own place, which begins the replica anew. Nobody has to see to it.

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use shared::guard::Guard;
use shared::service::failure::Failure;
use shared::service::shutdown::{self, Shutdown};
use tokio::task::JoinHandle;

use crate::store::Replica;

/// How often the replica is asked.
const LOOK: Duration = Duration::from_millis(500);

/// The end of a service, and whether it is to start over.
pub(super) struct End {
    /// Begins when `shutdown` does, or the replica must be begun anew.
    pub(super) begins: Shutdown,
    asked_for: Shutdown,
    again: JoinHandle<bool>,
}

impl End {
    /// Follows `shutdown` and the replica.
    pub(super) fn of(shutdown: Shutdown, replica: Arc<Replica>, guard: Guard) -> Self {
        let (trigger, begins) = shutdown::channel();
        let asked_for = shutdown.clone();
        let again = tokio::spawn(async move {
            let again = tokio::select! {
                () = shutdown.wait() => false,
                () = damaged(&replica, &guard) => true,
            };
            trigger.fire();
            again
        });
        Self { begins, asked_for, again }
    }

    /// Whether the service, which has ended, is to start over. Not if it was asked to end meanwhile.
    pub(super) async fn again(self) -> bool {
        self.begins.begun() && self.again.await.unwrap_or(false) && !self.asked_for.begun()
    }
}

/// Waits until the replica is damaged and the issuer there to fill a new one: while it is away, what
/// can still be read is better than nothing.
async fn damaged(replica: &Replica, guard: &Guard) {
    let mut looks = tokio::time::interval(LOOK);
    loop {
        looks.tick().await;
        if replica.damaged() && guard.status().feed.caught_up {
            tracing::warn!("the replica is damaged: this service starts over, to begin it anew");
            return;
        }
    }
}

/// Puts a fresh process in the place of this one, under the same number. Comes back only if that
/// fails.
pub(super) fn start_over() -> Failure {
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return Failure::failed(error),
    };
    Failure::failed(Command::new(program).args(std::env::args_os().skip(1)).exec())
}
