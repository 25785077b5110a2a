//! `rotation-drill`: rotates and revokes keys of a pair with three guards under load, and says what
//! a client noticed of it. `scripts/rotation-drill` builds and runs it; `docs/drills.md` explains the
//! figures.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it talks to the terminal")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use end_to_end::drill::chance::Chance;
use end_to_end::drill::fleet::Fleet;
use end_to_end::drill::operator::Way;
use end_to_end::drill::promises::Promises;
use end_to_end::drill::rotation::{Plan, drawing, run};

/// Rotates the signing keys of a real pair with several guards every two seconds under load, planned
/// and at once, then revokes the active key again and again. Ends with 1 if a promise was broken.
#[derive(Debug, Parser)]
#[command(name = "rotation-drill")]
struct Arguments {
    /// Rotations in each way.
    #[arg(long, default_value_t = 10)]
    rounds: usize,
    /// Revocations of the active key after each way's rotations.
    #[arg(long, default_value_t = 5)]
    revocations: usize,
    /// Guards.
    #[arg(long, default_value_t = 3)]
    guards: usize,
    /// Requests a second to all guards together.
    #[arg(long, default_value_t = 400)]
    rate: u32,
    /// Fresh tokens a second.
    #[arg(long, default_value_t = 10)]
    fresh: u32,
    /// Keep the issuer's data at a `PostgreSQL` server of the tests' own instead of in a SQLite file.
    #[arg(long)]
    postgres: bool,
    /// The seed of an earlier run, to make its choices again.
    #[arg(long)]
    seed: Option<u64>,
    /// Draw the last seconds of the planned rotations and their revocations into this file.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let seed = arguments.seed.unwrap_or_else(Chance::fresh_seed);
    let progress = |line: String| eprintln!("  … {line}");
    let mut all = Promises::default();
    for way in [Way::Planned, Way::Immediate] {
        let plan = Plan {
            way,
            rounds: arguments.rounds,
            revocations: arguments.revocations,
            guards: arguments.guards.max(1),
            rate: arguments.rate.max(1),
            fresh: arguments.fresh.max(1),
            postgres: arguments.postgres,
            seed,
            slack: 1,
        };
        if way == Way::Planned {
            println!("{}; seed {seed}", Fleet::describe(&plan.make()));
        }
        let outcome = run(&plan, &progress);
        println!("\n{outcome}");
        if let (Way::Planned, Some(file)) = (way, &arguments.svg) {
            let title = "Rotations of the signing key, and its revocation, under load";
            let (answers, window) = (&outcome.counts.answers, outcome.window);
            let svg = drawing::draw(title, &outcome.timeline, answers, plan.guards, window);
            if let Err(error) = std::fs::write(file, svg) {
                eprintln!("rotation-drill: {}: {error}", file.display());
                return ExitCode::FAILURE;
            }
        }
        all.take(way.word(), outcome.promises());
    }
    println!("\n{all}");
    if all.broken().is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
