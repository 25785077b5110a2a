//! The benchmarks: the work of both services, each compared with its limit or with another
//! program in the same run.
//!
//! The two sides of a comparison run in turn, several times, and the median counts. So load on the
//! machine slows both, and the ratio stays. `scripts/bench` builds the programs and runs all rows;
//! `docs/benchmarks.md` holds the results.

pub mod comparison;
pub mod footprint;
pub mod guarded;
pub mod limits;
pub mod login;
pub mod machine;
pub mod peers;
pub mod report;
pub mod requests;
pub mod scale;
pub mod service;
pub mod tokens;
pub mod verification;
pub mod wrk;

use std::time::Duration;

use comparison::{Goal, Row, Sample};
use support::pair::Pair;
use wrk::Load;

/// A callback that gets each line of progress.
pub type Progress<'a> = &'a (dyn Fn(String) + Sync);

/// The extent of a run.
#[derive(Clone, Copy)]
pub struct Plan<'a> {
    /// The measurements of each side.
    pub rounds: usize,
    /// The length of a measurement.
    pub time: Duration,
    /// A callback that gets each line of progress.
    pub progress: Progress<'a>,
}

impl std::fmt::Debug for Plan<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plan").field("rounds", &self.rounds).field("time", &self.time).finish()
    }
}

impl Plan<'_> {
    /// Measures `ours` and `theirs` in turn. Each side runs once before, so that caches are full.
    pub fn compare(
        &self,
        work: &str,
        against: &str,
        goal: Goal,
        ours: impl Fn() -> f64,
        theirs: impl Fn() -> f64,
    ) -> Row {
        ours();
        theirs();
        let sample = |_| Sample { ours: ours(), theirs: theirs() };
        let samples: Vec<_> = (0..self.rounds.max(1)).map(sample).collect();
        let row = Row::compared(work, against, goal, &samples);
        (self.progress)(row.to_string());
        row
    }

    /// Does the same with two loads.
    pub fn compare_loads(
        &self,
        work: &str,
        against: &str,
        goal: Goal,
        ours: &Load,
        theirs: &Load,
    ) -> Row {
        self.compare(work, against, goal, || ours.run(self.time), || theirs.run(self.time))
    }
}

/// Starts a pair with signing keys of `bits`.
pub fn pair_with_keys(bits: u32) -> Pair {
    let mut pair = Pair::bare();
    pair.set("AUTH_KEY_BITS", &bits.to_string());
    pair.auth.command(&["init"]).done();
    pair.run();
    pair
}
