//! A password attempt that the throttle admitted, at a log-in or at a password change.

use std::net::IpAddr;

use signet_service::problem_response::ProblemError;

use crate::Issuer;
use auth_crypto::hashing::HashPermit;
use auth_domain::audit::Entry;
use auth_domain::throttle::{Admission, Attempt};

/// An attempt that the throttle admitted. Its end wakes the attempts that wait for it.
pub(crate) struct Admitted<'i> {
    issuer: &'i Issuer,
    attempt: Option<Attempt>,
}

impl<'i> Admitted<'i> {
    /// Waits until the throttle admits this attempt, or refuses it and records `refused`. The wait
    /// also ends if `permit` is evicted: a flood must not hold places without a job.
    pub(crate) async fn wait_for(
        issuer: &'i Issuer,
        permit: &mut HashPermit,
        email_key: &str,
        from: Option<IpAddr>,
        known: bool,
        refused: &Entry,
    ) -> Result<Self, ProblemError> {
        loop {
            // Enabled before `admit`, so that an attempt that ends in between wakes this one.
            let ended = issuer.attempt_ended.notified();
            tokio::pin!(ended);
            ended.as_mut().enable();
            match issuer.throttle.admit(email_key, from, known, issuer.clock.now()) {
                Admission::Go(attempt) => return Ok(Self { issuer, attempt: Some(attempt) }),
                Admission::Wait => tokio::select! {
                    () = ended => {}
                    busy = permit.evicted() => return Err(crate::edge::legacy::of_full_queue(busy)),
                },
                Admission::Refused { retry_after } => {
                    issuer.metrics.log_in_throttled();
                    tracing::info!(email = ?email_key, from = from.map(tracing::field::display), "log-in refused: too many failed");
                    issuer.note_within_bounds(refused.clone()).await?;
                    let detail = "Too many log-ins failed; wait before the next one.";
                    return Err(crate::edge::legacy::too_many(detail, retry_after));
                }
            }
        }
    }

    /// Records that the password was right.
    pub(crate) fn succeeded(mut self) {
        if let Some(attempt) = self.attempt.take() {
            attempt.succeeded();
        }
    }

    /// Records that the password was wrong, or that there is no such account.
    pub(crate) fn failed(mut self) {
        if let Some(attempt) = self.attempt.take() {
            attempt.failed(self.issuer.clock.now());
        }
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        drop(self.attempt.take());
        self.issuer.attempt_ended.notify_waiters();
    }
}
