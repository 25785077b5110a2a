//! The end of one session, and the time at which each guard learns of it.

use std::time::{Duration, Instant};

use super::trouble::Span;
use crate::guard::Guard;
use crate::pacer::sleep;
use crate::showing::{Verdict, show};
use support::service::Service;

/// A guard that accepts a token for this long after its session's end counts as never refusing it.
const PATIENCE: Duration = Duration::from_secs(30);

/// The number of times a guard is asked again at once after its first refusal.
const AGAIN: usize = 3;

/// The longest pause between two requests to a guard that still accepts the token.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// An ended session.
#[derive(Debug, Clone)]
pub struct Ended {
    /// The time at which the `204` arrived.
    pub at: Instant,
    /// The reaction of each guard.
    pub at_guards: Vec<AtGuard>,
}

/// A guard's answers to an ended session's token.
#[derive(Debug, Clone, Default)]
pub struct AtGuard {
    /// The time of its first refusal; `None` if it never refused.
    pub refused: Option<Instant>,
    /// The time of the last request that it accepted.
    pub last_taken: Option<Instant>,
    /// Requests that it accepted after its first refusal.
    pub taken_again: usize,
}

impl AtGuard {
    /// The time to the first refusal from the `204`, or from the end of the trouble that kept the
    /// guard from learning of the end.
    pub fn late(&self, at: Instant, spans: &[Span]) -> Option<Duration> {
        let refused = self.refused?;
        let over = spans.iter().map(|span| span.until);
        let from = over.filter(|until| *until <= refused).fold(at, Instant::max);
        Some(refused.saturating_duration_since(from))
    }

    /// True if the guard accepted a request after trouble that began after the session's end: the
    /// guard lost the end at its restart.
    pub fn forgot(&self, at: Instant, spans: &[Span]) -> bool {
        let forgot = |taken| spans.iter().any(|span| span.from > at && taken > span.until);
        self.last_taken.is_some_and(forgot)
    }
}

/// Logs out and asks every guard until it refuses. Returns `None` if the log-out failed.
pub(super) fn log_out(auth: &Service, guards: &[Guard], token: &str) -> Option<Ended> {
    let answer = auth.post("/logout").bearer(token).try_send().ok()?;
    let at = Instant::now();
    if answer.status != 204 {
        return None;
    }
    let at_guards = std::thread::scope(|scope| {
        let asking: Vec<_> =
            guards.iter().map(|guard| scope.spawn(|| ask_on(&guard.url, token, at))).collect();
        asking.into_iter().map(|guard| guard.join().expect("a guard's answers")).collect()
    });
    Some(Ended { at, at_guards })
}

fn ask_on(url: &str, token: &str, at: Instant) -> AtGuard {
    let mut seen = AtGuard::default();
    while seen.refused.is_none() && at.elapsed() < PATIENCE {
        let shown = show(url, token);
        match shown.verdict {
            Verdict::Refused(_) => seen.refused = Some(shown.answered),
            Verdict::Taken => seen.last_taken = Some(shown.sent),
            Verdict::Unknowable | Verdict::Other(_) | Verdict::Silence => {}
        }
        // There is no pause at first; later the pause is small compared to the measured time.
        sleep((at.elapsed() / 20).min(LONGEST_PAUSE));
    }
    for _ in 0..AGAIN {
        seen.taken_again += usize::from(show(url, token).verdict == Verdict::Taken);
    }
    seen
}
