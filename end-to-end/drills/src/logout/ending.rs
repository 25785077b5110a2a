//! The end of one session, and how each guard comes to know of it.

use std::time::{Duration, Instant};

use super::trouble::Span;
use crate::guard::Guard;
use crate::pacer::sleep;
use crate::showing::{Verdict, show};
use support::service::Service;

/// A guard that takes a token for so long after its session's end never refuses it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Times a guard is asked again at once after its first refusal.
const AGAIN: usize = 3;

/// The longest pause between two questions to a guard that still takes the token.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// An ended session.
#[derive(Debug, Clone)]
pub struct Ended {
    /// When the `204` was there.
    pub at: Instant,
    /// What each guard did.
    pub at_guards: Vec<AtGuard>,
}

/// What a guard made of an ended session's token.
#[derive(Debug, Clone, Default)]
pub struct AtGuard {
    /// When its first refusal was there; `None` if it never refused.
    pub refused: Option<Instant>,
    /// When the last request was sent that it let through.
    pub last_taken: Option<Instant>,
    /// Requests that it let through after its first refusal.
    pub taken_again: usize,
}

impl AtGuard {
    /// From the `204`, or the end of the trouble that kept the guard from hearing of it, to the
    /// first refusal.
    pub fn late(&self, at: Instant, spans: &[Span]) -> Option<Duration> {
        let refused = self.refused?;
        let over = spans.iter().map(|span| span.until);
        let from = over.filter(|until| *until <= refused).fold(at, Instant::max);
        Some(refused.saturating_duration_since(from))
    }

    /// Whether the guard let a request through after trouble that began when the session had ended:
    /// started again, it had forgotten.
    pub fn forgot(&self, at: Instant, spans: &[Span]) -> bool {
        let forgot = |taken| spans.iter().any(|span| span.from > at && taken > span.until);
        self.last_taken.is_some_and(forgot)
    }
}

/// Logs out and asks every guard until it refuses. `None` if the log-out failed.
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
        // At first without pause; later the pause is small beside what is measured.
        sleep((at.elapsed() / 20).min(LONGEST_PAUSE));
    }
    for _ in 0..AGAIN {
        seen.taken_again += usize::from(show(url, token).verdict == Verdict::Taken);
    }
    seen
}
