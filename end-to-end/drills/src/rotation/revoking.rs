//! Revokes the active key while every guard is asked continuously about a token of it.

use std::time::{Duration, Instant};

use super::Stage;
use super::outcome::KeyRevocation;
use crate::operator;
use crate::showing::{Verdict, show};
use support::poll;

/// The time for which a guard is asked after its first refusal, to show that it keeps refusing.
const AFTERWARDS: Duration = Duration::from_millis(500);

/// A guard that accepts the token for this long counts as never refusing it.
const PATIENCE: Duration = Duration::from_secs(20);

/// The reaction of one guard.
#[derive(Debug, Clone, Default)]
pub struct AtGuard {
    /// The time from the call to the answer of the last accepted request.
    pub late: Duration,
    /// True if it refused at least once.
    pub refused: bool,
    /// Requests accepted after the first refusal.
    pub taken_again: usize,
}

/// Revokes the key that signs.
pub(super) fn revoke_active(stage: &Stage<'_>) -> KeyRevocation {
    let token = stage.pool.newest().expect("a fresh token");
    let guards = &stage.fleet.guards;
    poll::until("every guard takes a fresh token", PATIENCE, || {
        guards.iter().all(|guard| show(&guard.url, &token.text).verdict == Verdict::Taken)
    });
    let called = std::sync::OnceLock::new();
    let (revocation, at_guards) = std::thread::scope(|scope| {
        let asking: Vec<_> = guards
            .iter()
            .map(|guard| scope.spawn(|| ask_on(&guard.url, &token.text, &called)))
            .collect();
        let revocation = operator::revoke(stage.fleet, &token.kid, |at| {
            stage.pool.revoke(&token.kid, at);
            stage.timeline().key(&token.kid).revoked = Some(at);
            called.get_or_init(|| at);
        });
        let at_guards = asking.into_iter().map(|guard| guard.join().expect("a guard's answers"));
        (revocation, at_guards.collect::<Vec<_>>())
    });
    let began = Instant::now();
    poll::until("another key signs", PATIENCE, || {
        stage.pool.newest().is_some_and(|newest| newest.kid != token.kid)
    });
    let published = super::observer::published(stage.fleet);
    KeyRevocation {
        confirmed: revocation.confirmed,
        at_guards,
        still_published: published.is_some_and(|kids| kids.iter().any(|kid| **kid == *token.kid)),
        until_another_signed: began.elapsed(),
    }
}

/// Asks about a token until some time after the first refusal.
fn ask_on(url: &str, token: &str, called: &std::sync::OnceLock<Instant>) -> AtGuard {
    let mut seen = AtGuard::default();
    let (began, mut refused_at) = (Instant::now(), None);
    while began.elapsed() < PATIENCE
        && refused_at.is_none_or(|at: Instant| at.elapsed() < AFTERWARDS)
    {
        let shown = show(url, token);
        match shown.verdict {
            Verdict::Taken => {
                if let Some(called) = called.get() {
                    seen.late = shown.answered.saturating_duration_since(*called);
                }
                if refused_at.is_some() {
                    seen.taken_again += 1;
                }
            }
            Verdict::Refused(_) => {
                refused_at.get_or_insert(shown.answered);
            }
            Verdict::Unknowable | Verdict::Other(_) | Verdict::Silence => {}
        }
    }
    seen.refused = refused_at.is_some();
    seen
}
