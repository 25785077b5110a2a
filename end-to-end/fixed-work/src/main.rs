//! `fixed-work`: does one piece of work of a service again and again, with the same input in every
//! run. `scripts/instructions` counts its instructions; `docs/benchmarks.md` explains them.
//!
//! Callgrind counts only what [`counted_work`] calls. So the start, the making of keys and the work
//! that fills caches do not count.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "this crate is test code: what goes wrong here ends the run"
)]

mod apply;
mod replicated;
mod tokens;

use clap::{Parser, ValueEnum};

/// The times that a work runs before the counted ones. The first ones fill caches. The signer makes
/// new blinding factors each 32 signatures, so this number and the counted one are multiples of 32.
const UNCOUNTED: usize = 32;

/// Does a fixed piece of work COUNT times and prints nothing. `scripts/instructions` counts its
/// instructions.
#[derive(Debug, Parser)]
#[command(name = "fixed-work")]
struct Arguments {
    /// The work.
    work: Work,
    /// The number of counted times. 32 more run before them and do not count.
    count: usize,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Work {
    /// A guard with a replica admits a token that it does not know.
    Verify,
    /// The same guard admits the same token again.
    Cached,
    /// The key ring of the issuer signs an access token with a key of 2048 bits.
    Sign,
    /// A guard with a replica applies a page of 100 changes: it parses the page, updates its memory and
    /// writes its file.
    Apply,
}

fn main() {
    let Arguments { work, count } = Arguments::parse();
    run(work, count);
}

/// Does the work the uncounted times and `count` times more.
fn run(work: Work, count: usize) {
    let all = UNCOUNTED + count;
    let mut work = match work {
        Work::Verify => tokens::verify(all),
        Work::Cached => tokens::cached(),
        Work::Sign => tokens::sign(),
        Work::Apply => apply::apply(all),
    };
    (0..UNCOUNTED).for_each(&mut work);
    counted_work(&mut work, UNCOUNTED..all);
}

/// Does the work for each number. The instructions between its call and its return count.
#[inline(never)]
fn counted_work(work: &mut dyn FnMut(usize), numbers: std::ops::Range<usize>) {
    numbers.for_each(work);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_work_runs_to_its_end() {
        for work in Work::value_variants() {
            run(*work, 1);
        }
    }
}
