//! The permit to try a password, at a log-in or at a password change.

use std::net::IpAddr;

use tracing::field::display;

use crate::AppState;
use crate::error::AppError;
use crate::metrics::CountedLogIn;
use auth_crypto::hashing::HashPermit;
use auth_domain::audit::{NewAuditRow, Reason};
use auth_domain::throttle::{Attempt, ThrottleDecision};

/// An attempt that the throttle admitted. Its end wakes the attempts that wait for it.
pub(super) struct LoginPermit<'a> {
    app: &'a AppState,
    attempt: Option<Attempt>,
}

impl<'a> LoginPermit<'a> {
    /// Waits until the throttle admits this attempt. The wait also ends if `hash_permit` is evicted:
    /// a flood must not hold places without a job.
    ///
    /// # Errors
    ///
    /// [`AppError::LimitReached`] if the throttle refuses the attempt; the audit log has the row
    /// `refusal`. [`AppError::Overloaded`] if the hash permit is evicted.
    pub(super) async fn wait_for(
        app: &'a AppState,
        hash_permit: &mut HashPermit,
        email_key: &str,
        from: Option<IpAddr>,
        known_network: bool,
        refusal: NewAuditRow,
    ) -> Result<Self, AppError> {
        loop {
            // Enabled before `admit`, so that an attempt that ends in between wakes this one.
            let ended = app.attempt_ended.notified();
            tokio::pin!(ended);
            ended.as_mut().enable();
            match app.throttle.admit(email_key, from, known_network, app.clock.now()) {
                ThrottleDecision::Go(attempt) => return Ok(Self { app, attempt: Some(attempt) }),
                ThrottleDecision::Wait => tokio::select! {
                    () = ended => {}
                    busy = hash_permit.evicted() => return Err(busy.into()),
                },
                ThrottleDecision::Refused { retry_after } => {
                    app.metrics.log_in(CountedLogIn::Throttled);
                    let public_id = refusal.subject.user().map(display);
                    tracing::debug!(public_id, "log-in refused: too many failed");
                    app.note_within_bounds(refusal).await?;
                    return Err(AppError::LimitReached {
                        reason: Reason::TooManyFailures,
                        retry_after,
                    });
                }
            }
        }
    }

    /// Records that the password was right.
    pub(super) fn succeeded(mut self) {
        if let Some(attempt) = self.attempt.take() {
            attempt.succeeded();
        }
    }

    /// Counts a failure, and wakes the attempts that wait. The caller writes the audit row afterwards:
    /// a failure also counts if the row can't be written.
    pub(super) fn failed(mut self) {
        if let Some(attempt) = self.attempt.take() {
            attempt.failed(self.app.clock.now());
        }
    }
}

impl Drop for LoginPermit<'_> {
    fn drop(&mut self) {
        drop(self.attempt.take());
        self.app.attempt_ended.notify_waiters();
    }
}
