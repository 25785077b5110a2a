//! A replica that turns out to be damaged while it is served: this process ends in order and starts
//! over in its own place, which begins the replica anew. Nobody has to see to it.

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use shared::guard::Guard;
use shared::service::failure::Failure;
use shared::service::shutdown::{self, Shutdown};
use shared::service::telemetry;
use tokio::time::{Instant, interval_at};

use crate::store::Replica;

/// How often the replica is asked.
const LOOK: Duration = Duration::from_millis(500);

/// How long a process serves at least before it starts over: on a disk that damages every replica, the
/// issuer is not asked for the whole directory without a pause.
const LEAST_LIFE: Duration = Duration::from_secs(5);

/// Begins when `shutdown` does, or when the replica must be begun anew.
pub(super) fn end_of_service(shutdown: Shutdown, replica: Arc<Replica>, guard: Guard) -> Shutdown {
    let (trigger, end) = shutdown::channel();
    tokio::spawn(async move {
        tokio::select! {
            () = shutdown.wait() => {}
            () = damaged(&replica, &guard) => {}
        }
        trigger.fire();
    });
    end
}

/// Waits until the replica is damaged and the issuer there to fill a new one: while it is away, what
/// can still be read is better than nothing.
async fn damaged(replica: &Replica, guard: &Guard) {
    let mut looks = interval_at(Instant::now() + LEAST_LIFE, LOOK);
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
    // The thread that writes the log ends with this process, and with it the lines still queued.
    telemetry::flush();
    Failure::failed(Command::new(program).args(std::env::args_os().skip(1)).exec())
}
