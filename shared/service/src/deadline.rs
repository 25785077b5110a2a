//! A time limit of a connection, which has no cost until the code has to wait.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// The time between the end of a limit and the last check. A suspended process may see the timer
/// before the bytes that came in the meantime.
pub(super) const LAST_LOOK: Duration = Duration::from_millis(20);

/// A timer. It must not live longer than its use: actix-http restarts the time of an idle
/// connection at every poll.
#[derive(Debug, Default)]
pub(super) struct Deadline {
    timer: Option<Pin<Box<Sleep>>>,
    /// The limit that has passed, except for the last check.
    expired: Option<Instant>,
}

impl Deadline {
    /// Drops the timer.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Completes [`LAST_LOOK`] after `due`, which may change from one call to the next.
    pub(super) fn poll(&mut self, context: &mut Context<'_>, due: Instant) -> Poll<()> {
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(due)));
        let mut until = if self.expired == Some(due) { timer.deadline() } else { due };
        if timer.deadline() > until {
            timer.as_mut().reset(until);
        }
        loop {
            ready!(timer.as_mut().poll(context));
            if timer.deadline() >= until {
                if self.expired == Some(due) {
                    return Poll::Ready(());
                }
                self.expired = Some(due);
                until = Instant::now() + LAST_LOOK;
            }
            timer.as_mut().reset(until);
        }
    }
}

/// Returns the output of `future`, or `None` after `limit`.
pub(super) async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    let due = Instant::now() + limit;
    let mut deadline = Deadline::default();
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => deadline.poll(context, due).map(|()| None),
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn deadline_completes_after_the_last_poll() {
        let began = Instant::now();
        let mut deadline = Deadline::default();
        poll_fn(|context| deadline.poll(context, began + LIMIT)).await;
        assert_eq!(began.elapsed(), LIMIT + LAST_LOOK);
    }

    #[tokio::test(start_paused = true)]
    async fn deadline_follows_a_limit_that_moves() {
        let began = Instant::now();
        let mut deadline = Deadline::default();
        for (moved, expected) in
            [(3 * LIMIT, LIMIT), (2 * LIMIT, 2 * LIMIT), (3 * LIMIT, 3 * LIMIT)]
        {
            // The first poll has a later limit than the second one.
            let first = poll_fn(|context| Poll::Ready(deadline.poll(context, began + moved))).await;
            assert!(first.is_pending());
            poll_fn(|context| deadline.poll(context, began + expected)).await;
            assert_eq!(began.elapsed(), expected + LAST_LOOK);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn late_poll_takes_ready_output() {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let mut waiting = std::pin::pin!(within(LIMIT, receiver));
        assert!(poll_fn(|context| Poll::Ready(waiting.as_mut().poll(context))).await.is_pending());
        sender.send(()).expect("a receiver");
        tokio::time::advance(Duration::from_hours(1)).await;
        assert_eq!(waiting.await, Some(Ok(())));
        assert_eq!(within(LIMIT, std::future::pending::<()>()).await, None);
    }
}
