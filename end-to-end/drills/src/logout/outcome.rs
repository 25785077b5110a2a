//! The outcome of a phase, and its promises.

use std::fmt;
use std::time::Duration;

use super::Plan;
use super::ending::Ended;
use super::trouble::{Span, Trouble};
use crate::promises::Promises;
use crate::spread::Spread;
use crate::tally::Counts;

/// The goals for the time from the `204` to the first refusal: for half of all log-outs, for 99 of
/// 100, and for each one.
const AIMS: [Duration; 3] =
    [Duration::from_millis(50), Duration::from_millis(250), Duration::from_secs(1)];

/// The log-outs of one kind of trouble.
#[derive(Debug, Clone)]
pub struct Phase {
    /// The plan of the run.
    pub plan: Plan,
    /// The trouble of the first guard.
    pub trouble: Trouble,
    /// The sessions that ended.
    pub ended: Vec<Ended>,
    /// Log-outs that were not answered with `204`.
    pub failed: usize,
    /// The times of trouble.
    pub spans: Vec<Span>,
    /// Tokens of ended sessions that some guard accepted at the end of the phase.
    pub taken_at_the_end: usize,
    /// The guards' answers to the load.
    pub counts: Counts,
    /// The duration of the phase.
    pub took: Duration,
}

impl Phase {
    /// The trouble of this guard.
    fn spans(&self, guard: usize) -> &[Span] {
        if guard == 0 { &self.spans } else { &[] }
    }

    /// The times from the `204` to the first refusal of each session at this guard.
    pub fn lateness(&self, guard: usize) -> Spread {
        let spans = self.spans(guard);
        Spread::of(self.ended.iter().filter_map(|one| one.at_guards[guard].late(one.at, spans)))
    }

    /// The number of guards, summed over all sessions, that never refused the session's token.
    pub fn never_refused(&self) -> usize {
        let at_guards = self.ended.iter().flat_map(|one| &one.at_guards);
        at_guards.filter(|at_guard| at_guard.refused.is_none()).count()
    }

    /// The number of requests accepted after a refusal, at once or at the end of the phase.
    pub fn taken_again(&self) -> usize {
        let at_guards = self.ended.iter().flat_map(|one| &one.at_guards);
        at_guards.map(|at_guard| at_guard.taken_again).sum::<usize>() + self.taken_at_the_end
    }

    /// The number of sessions that a restarted guard no longer knew as ended.
    pub fn forgotten(&self) -> usize {
        if self.trouble == Trouble::Cut {
            return 0;
        }
        self.ended.iter().filter(|one| one.at_guards[0].forgot(one.at, &self.spans)).count()
    }

    /// Each promise with its observation.
    pub fn promises(&self) -> Promises {
        let mut promises = Promises::default();
        promises.never("log-outs that failed", self.failed);
        promises.never("guards that never refused", self.never_refused());
        promises.never("tokens taken after a refusal", self.taken_again());
        promises.never("ends forgotten by a guard that was started again", self.forgotten());
        promises.never("good tokens refused", self.counts.refused);
        let everything =
            (0..self.plan.guards).map(|guard| self.lateness(guard).max()).max().unwrap_or_default();
        let [p50, p99, max] = AIMS.map(|aim| aim * self.plan.slack);
        promises.note(
            format!("until refused, at most {max:?}"),
            format!("{everything:.1?}"),
            everything <= max,
        );
        if self.trouble == Trouble::None {
            for guard in 0..self.plan.guards {
                let spread = self.lateness(guard);
                let kept = spread.percentile(50) <= p50 && spread.percentile(99) <= p99;
                promises.note(
                    format!("guard {}, p50 {p50:?} and p99 {p99:?} at most", guard + 1),
                    spread,
                    kept,
                );
            }
        }
        promises
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { requests, taken, refused, unknowable, silent, examples, .. } = &self.counts;
        let seconds = self.took.as_secs_f64();
        writeln!(f, "log-outs, {}", self.trouble.word())?;
        writeln!(f, "  log-outs                {} in {seconds:.0} s", self.ended.len())?;
        if self.trouble != Trouble::None {
            writeln!(f, "  times of trouble        {}", self.spans.len())?;
        }
        for guard in 0..self.plan.guards {
            writeln!(f, "  until refused, guard {}  {}", guard + 1, self.lateness(guard))?;
        }
        writeln!(f, "  taken after a refusal   {}", self.taken_again())?;
        writeln!(
            f,
            "  load                    {requests} requests, {taken} taken, {refused} refused, {unknowable} times 503, {silent} without an answer"
        )?;
        if *refused > 0 {
            for example in examples {
                writeln!(f, "  for example             {example}")?;
            }
        }
        Ok(())
    }
}
