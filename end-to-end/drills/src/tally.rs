//! Counts of the guards' answers to the tokens of a load.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::pool::Token;
use super::showing::{Shown, Verdict};

/// The number of wrong answers that a report shows as examples.
const EXAMPLES: usize = 5;

/// The counts of a load, shared by its clients.
#[derive(Debug)]
pub struct Tally {
    /// The time after the revocation call for its key in which a token may still be accepted.
    bound: Duration,
    counts: Mutex<Counts>,
}

/// The counts.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Requests made.
    pub requests: usize,
    /// Good tokens that were accepted.
    pub taken: usize,
    /// Good tokens that were refused.
    pub refused: usize,
    /// Tokens of a revoked key that were refused.
    pub void_refused: usize,
    /// Tokens of a revoked key that were accepted although they were presented after the bound.
    pub void_taken: usize,
    /// `503`.
    pub unknowable: usize,
    /// Answers with any other status.
    pub other: usize,
    /// Requests without an answer.
    pub silent: usize,
    /// The first wrong answers.
    pub examples: Vec<String>,
}

impl Tally {
    /// Creates empty counts. Tokens of a revoked key may be accepted for `bound`.
    pub fn new(bound: Duration) -> Self {
        Self { bound, counts: Mutex::default() }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The counts so far.
    pub fn seen(&self) -> Counts {
        self.counts().clone()
    }

    /// Counts an answer of guard number `guard`. `revoked` is the time at which the revocation call
    /// for the token's key was sent.
    pub fn note(&self, guard: usize, token: &Token, shown: &Shown, revoked: Option<Instant>) {
        let mut counts = self.counts();
        counts.requests += 1;
        let void = revoked.is_some_and(|at| at <= shown.answered);
        let late = revoked.is_some_and(|at| shown.sent > at + self.bound);
        let count = match (&shown.verdict, void) {
            (Verdict::Taken, _) if late => &mut counts.void_taken,
            (Verdict::Taken, _) => return counts.taken += 1,
            (Verdict::Refused(_), true) => return counts.void_refused += 1,
            (Verdict::Refused(_), false) => &mut counts.refused,
            (Verdict::Unknowable, _) => &mut counts.unknowable,
            (Verdict::Other(_), _) => &mut counts.other,
            (Verdict::Silence, _) => &mut counts.silent,
        };
        *count += 1;
        if counts.examples.len() < EXAMPLES {
            let age = shown.sent.duration_since(token.came);
            let (kid, verdict) = (&token.kid, &shown.verdict);
            let told = format!("guard {}, token {age:.1?} old, key {kid}: {verdict:?}", guard + 1);
            counts.examples.push(told);
        }
    }
}
