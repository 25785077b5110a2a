//! `rotation-drill`: rotates and revokes keys of a pair with three guards under load, and reports
//! the effect on clients. `scripts/rotation-drill` builds and runs it; `docs/drills.md` explains
//! the figures.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it talks to the terminal")]

use std::process::ExitCode;

use clap::Parser;
use drills::chance::Chance;
use drills::fleet::Fleet;
use drills::foreign;
use drills::operator::Way;
use drills::promises::Promises;
use drills::rotation::{Plan, run};

/// Rotates the signing keys of a real pair with several guards every few seconds under load, planned
/// and at once, then revokes the active key again and again. Exits with 1 if a promise was broken.
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
    /// Instead, revoke the active key so often while a service with npm jose verifies the new tokens;
    /// each time takes a minute.
    #[arg(long, value_name = "REVOCATIONS")]
    jose: Option<usize>,
    /// Keep the issuer's data in a `PostgreSQL` server of the tests instead of a SQLite file.
    #[arg(long)]
    postgres: bool,
    /// The seed of an earlier run, to make its choices again.
    #[arg(long)]
    seed: Option<u64>,
}

/// A callback that gets each line of progress.
type Progress<'a> = &'a (dyn Fn(String) + Sync);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let seed = arguments.seed.unwrap_or_else(Chance::fresh_seed);
    let progress: Progress = &|line| eprintln!("  … {line}");
    let promises = match arguments.jose {
        Some(rounds) => foreign::run(&foreign::Plan::patient(rounds), progress).promises(),
        None => both_ways(&arguments, seed, progress),
    };
    println!("\n{promises}");
    if promises.broken().is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Applies the arguments to a plan.
fn plan(arguments: &Arguments, plan: &Plan) -> Plan {
    let guards = arguments.guards.max(1);
    let plan = Plan { guards, postgres: arguments.postgres, ..plan.clone() };
    println!("{}; seed {}", Fleet::describe(&plan.make()), plan.seed);
    plan
}

fn both_ways(arguments: &Arguments, seed: u64, progress: Progress<'_>) -> Promises {
    let mut all = Promises::default();
    for way in [Way::Planned, Way::Immediate] {
        let plan = Plan {
            rounds: arguments.rounds,
            revocations: arguments.revocations,
            rate: arguments.rate.max(1),
            fresh: arguments.fresh.max(1),
            ..plan(arguments, &Plan::fast(way, seed))
        };
        let outcome = run(&plan, progress);
        println!("\n{outcome}");
        all.take(way.word(), outcome.promises());
    }
    all
}
