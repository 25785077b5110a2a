//! The outcome of a run, and its promises.

use std::fmt;
use std::time::Duration;

use super::Plan;
pub use super::revoking::AtGuard;
use super::timeline::Timeline;
use crate::operator::Way;
use crate::promises::Promises;
use crate::spread::Spread;
use crate::tally::Counts;

/// Fetches of the key set that a rotation caused.
#[derive(Debug, Clone)]
pub struct RoundFetches {
    /// The fetches without regular polling, by guard.
    pub beyond: Vec<usize>,
}

/// A revocation of the active key.
#[derive(Debug, Clone)]
pub struct KeyRevocation {
    /// The number of guards that had confirmed it at the time of the answer.
    pub confirmed: usize,
    /// The reaction of each guard.
    pub at_guards: Vec<AtGuard>,
    /// True if the key set still held the key afterwards.
    pub still_published: bool,
    /// The time from the answer to the first token of another key.
    pub until_another_signed: Duration,
}

/// The outcome of a run.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The plan of the run.
    pub plan: Plan,
    /// Rotations made.
    pub rounds: usize,
    /// The times from the request for a rotation with a ripe standby key to the first token of the
    /// new key.
    pub until_signed: Vec<Duration>,
    /// The same for rotations that waited until the standby key was ripe.
    pub until_ripe: Vec<Duration>,
    /// Rotations postponed because the key set was full.
    pub full: usize,
    /// The guards' answers to the load.
    pub counts: Counts,
    /// The failed requests for fresh tokens, and the last error.
    pub mint_failures: (usize, String),
    /// The fetches of each rotation.
    pub fetches: Vec<RoundFetches>,
    /// The revocations.
    pub revocations: Vec<KeyRevocation>,
    /// Keys that sign at the end.
    pub active: usize,
    /// The observations of each key.
    pub timeline: Timeline,
    /// The duration of the run.
    pub took: Duration,
}

impl Outcome {
    pub(super) fn new(plan: Plan) -> Self {
        Self {
            plan,
            rounds: 0,
            until_signed: Vec::new(),
            until_ripe: Vec::new(),
            full: 0,
            counts: Counts::default(),
            mint_failures: (0, String::new()),
            fetches: Vec::new(),
            revocations: Vec::new(),
            active: 0,
            timeline: Timeline::default(),
            took: Duration::ZERO,
        }
    }

    /// The most fetches that one rotation caused at one guard, and the average number.
    pub fn fetches_a_rotation(&self) -> (usize, f64) {
        let all = || self.fetches.iter().flat_map(|round| &round.beyond).copied();
        (all().max().unwrap_or(0), all().sum::<usize>() as f64 / all().count().max(1) as f64)
    }

    /// The times from the revocation call to the last answer that accepted a token of the key.
    pub fn lateness(&self, guard: usize) -> Spread {
        Spread::of(self.revocations.iter().map(|revocation| revocation.at_guards[guard].late))
    }

    /// Each promise with its observation.
    pub fn promises(&self) -> Promises {
        let mut promises = Promises::default();
        let Counts { refused, void_taken, other, silent, .. } = self.counts;
        promises.never("good tokens refused", refused);
        promises.never("answers other than 200, 401, 503, or none at all", other + silent);
        let (failures, told) = &self.mint_failures;
        let seen = format!("{failures} {told}");
        promises.note("fresh tokens that did not come", seen.trim_end(), *failures == 0);
        promises.note("keys that sign at the end", self.active, self.active == 1);
        if self.plan.way == Way::Planned {
            let lead = self.plan.max_age * 2;
            let early = self.timeline.without_lead(lead);
            promises.never(format!("keys that signed less than {lead:?} after publication"), early);
            promises
                .never("keys that signed before a guard held them", self.timeline.unconfirmed());
        }
        let soon = self.timeline.gone_too_soon(super::TOKEN_LIFE);
        promises.never("keys that left while a token of theirs lived", soon);
        let (most, mean) = self.fetches_a_rotation();
        let seen = format!("{mean:.2} on average, {most} at most");
        promises.note(
            "fetches a rotation and guard beyond the polling, at most 1",
            seen,
            most <= 1,
        );
        if !self.revocations.is_empty() {
            self.promise_revocations(&mut promises, void_taken);
        }
        promises
    }

    fn promise_revocations(&self, promises: &mut Promises, void_taken: usize) {
        let at_guards = || self.revocations.iter().flat_map(|revocation| &revocation.at_guards);
        promises.never("guards that never refused", at_guards().filter(|at| !at.refused).count());
        let again = at_guards().map(|at| at.taken_again).sum();
        promises.never("tokens of a revoked key taken after a refusal", again);
        promises.never("tokens of a revoked key taken after the bound", void_taken);
        let still = self.revocations.iter().filter(|revocation| revocation.still_published).count();
        promises.never("revoked keys still published", still);
        let all = Spread::of(at_guards().map(|at| at.late));
        let bound = self.plan.bound();
        let what = format!("from the call to the last token taken, at most {bound:?}");
        promises.note(what, &all, all.max() <= bound);
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { requests, taken, refused, void_refused, unknowable, examples, .. } =
            &self.counts;
        let seconds = self.took.as_secs_f64();
        writeln!(f, "rotations, {}, max-age {:?}", self.plan.way.word(), self.plan.max_age)?;
        writeln!(
            f,
            "  rotations               {} in {seconds:.0} s, {} put off (409)",
            self.rounds, self.full
        )?;
        let spread = |times: &[Duration]| Spread::of(times.iter().copied());
        if !self.until_signed.is_empty() {
            writeln!(f, "  until the new key signs {}", spread(&self.until_signed))?;
        }
        if !self.until_ripe.is_empty() {
            writeln!(f, "  the same, not yet ripe  {}", spread(&self.until_ripe))?;
        }
        writeln!(f, "  requests                {requests} ({:.0}/s)", *requests as f64 / seconds)?;
        writeln!(f, "  good tokens taken       {taken}")?;
        writeln!(f, "  good tokens refused     {refused}")?;
        writeln!(f, "  void tokens refused     {void_refused}")?;
        writeln!(f, "  503                     {unknowable}")?;
        let (most, mean) = self.fetches_a_rotation();
        writeln!(f, "  fetches beyond polling  {mean:.2} a rotation and guard, {most} at most")?;
        if !self.revocations.is_empty() {
            let confirmed: usize = self.revocations.iter().map(|one| one.confirmed).sum();
            let guards = self.revocations.len() * self.plan.guards;
            writeln!(
                f,
                "  revocations             {}, confirmed by {confirmed} of {guards} guards when answered",
                self.revocations.len()
            )?;
            for guard in 0..self.plan.guards {
                writeln!(f, "  last token, guard {}     {}", guard + 1, self.lateness(guard))?;
            }
        }
        for example in examples {
            writeln!(f, "  for example             {example}")?;
        }
        Ok(())
    }
}
