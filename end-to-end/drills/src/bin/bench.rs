//! `bench`: measures both services against their limits and peers. `scripts/bench` builds and runs
//! it; `docs/benchmarks.md` holds the results.

#![expect(clippy::print_stderr, clippy::print_stdout, reason = "it talks to the terminal")]

use std::path::Path;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use drills::bench::comparison::{Goal, Row};
use drills::bench::{
    Plan, footprint, guarded, login, machine, peers, report, scale, tokens, verification,
};
use drills::instructions;
use support::binaries;

/// The document of the results, from the folder of the repository.
const DOCUMENT: &str = "docs/benchmarks.md";

/// Measures both services against their limits and against other programs.
///
/// A run of all parts writes docs/benchmarks.md. Other runs print the table.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Arguments {
    /// Fewer and shorter rounds, and smaller directories
    #[arg(long)]
    quick: bool,
    /// Run these parts only
    #[arg(long, value_name = "PARTS", value_delimiter = ',')]
    only: Vec<Part>,
}

/// A part of the benchmarks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Guarded routes
    Guard,
    /// Tokens that are new to the guard
    Verification,
    /// Log-ins and sign-ups
    Login,
    /// Refreshes and client credentials
    Token,
    /// The Flask tutorial and services on Node.js
    Peers,
    /// Large directories and many revocations
    Scale,
    /// Start, memory and sizes
    Footprint,
}

impl Part {
    fn rows(self, plan: &Plan<'_>, quick: bool) -> Vec<Row> {
        match self {
            Self::Guard => guarded::rows(plan, if quick { 1_000 } else { 10_000 }),
            Self::Verification => {
                vec![verification::new_tokens(plan, if quick { 1_000 } else { 3_000 })]
            }
            Self::Login => {
                let mut rows = login::log_ins(plan, 2_048);
                rows.extend(login::log_ins(plan, 4_096));
                rows.push(login::sign_ups(plan));
                rows
            }
            Self::Token => {
                let mut rows = tokens::rows(plan, 4_096, Goal::Ratio(0.85));
                rows.extend(tokens::rows(plan, 2_048, Goal::Shown));
                rows
            }
            Self::Peers => [peers::tutorial(plan), peers::node(plan)].concat(),
            Self::Scale => {
                let (counts, revocations): (&[u32], u32) = if quick {
                    (&[10, 10_000], 100_000)
                } else {
                    (&[10, 10_000, 1_000_000], 1_000_000)
                };
                let mut rows = scale::directories(plan, counts);
                rows.push(scale::revocations(plan, revocations));
                rows
            }
            Self::Footprint => footprint::rows(plan),
        }
    }
}

fn main() {
    let Arguments { quick, only } = Arguments::parse();
    let (rounds, seconds) = if quick { (3, 1) } else { (5, 2) };
    let progress = |line: String| eprintln!("  {line}");
    let plan = Plan { rounds, time: Duration::from_secs(seconds), progress: &progress };
    let parts = if only.is_empty() { Part::value_variants() } else { &only };
    let rows: Vec<_> = parts.iter().flat_map(|part| part.rows(&plan, quick)).collect();
    let before = std::fs::read_to_string(DOCUMENT).unwrap_or_default();
    let instructions = match instructions::run(&binaries::fixed_work(), false, &progress) {
        Ok(comparison) => comparison.to_string(),
        Err(why) => format!("not counted: {why}"),
    };
    let context = report::Context {
        machine: &machine::lines(),
        instructions: &instructions,
        sizes: &footprint::sizes(),
        before: &before,
    };
    let document = report::document(&rows, &context);
    if quick || !only.is_empty() || !Path::new("docs").is_dir() {
        println!("{document}");
    } else if let Err(error) = std::fs::write(DOCUMENT, document) {
        eprintln!("{DOCUMENT}: {error}");
    }
}
