//! `bench`: measures both services against their limits and peers. `scripts/bench` builds and runs
//! it; `docs/benchmarks.md` holds the results.

#![expect(clippy::print_stderr, reason = "it talks to the terminal")]

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use drills::bench::comparison::Goal;
use drills::bench::{Plan, footprint, guarded, login, scale, tokens};

/// Measures both services against their limits and peers, and writes the table.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Arguments {
    /// Fewer and shorter rounds, and no directory of a million users
    #[arg(long)]
    quick: bool,
    /// Run only the parts with these names: guarded, verification, login, tokens, scale, footprint
    #[arg(long, value_name = "PARTS", value_delimiter = ',')]
    only: Vec<String>,
    /// The file to write the table to
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

fn main() {
    let arguments = Arguments::parse();
    let (rounds, seconds) = if arguments.quick { (3, 1) } else { (5, 3) };
    let progress = |line: String| eprintln!("  {line}");
    let plan = Plan { rounds, time: Duration::from_secs(seconds), progress: &progress };
    let runs = |part: &str| arguments.only.is_empty() || arguments.only.iter().any(|p| p == part);
    let mut rows = Vec::new();
    if runs("guarded") {
        rows.extend(guarded::rows(&plan, if arguments.quick { 1_000 } else { 10_000 }));
    }
    if runs("verification") {
        rows.push(guarded::new_tokens(&plan, if arguments.quick { 1_000 } else { 3_000 }));
    }
    if runs("login") {
        rows.extend([2_048, 4_096].into_iter().flat_map(|bits| login::log_ins(&plan, bits)));
        rows.push(login::sign_ups(&plan));
    }
    if runs("tokens") {
        rows.extend(tokens::rows(&plan, 4_096, Goal::Ratio(0.85)));
        rows.extend(tokens::rows(&plan, 2_048, Goal::Shown));
    }
    if runs("scale") {
        let counts: &[u32] = if arguments.quick { &[10, 10_000] } else { &[10, 10_000, 1_000_000] };
        rows.extend(scale::directories(&plan, counts));
        rows.push(scale::revocations(&plan, if arguments.quick { 100_000 } else { 1_000_000 }));
    }
    if runs("footprint") {
        rows.extend(footprint::rows(&plan));
    }
}
