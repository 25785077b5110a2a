//! `logout-drill`: ends sessions of a pair with three guards under load, and reports the time that
//! each guard took to refuse their tokens. `scripts/logout-drill` builds and runs it;
//! `docs/drills.md` explains the figures.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it talks to the terminal")]

use std::process::ExitCode;

use clap::Parser;
use drills::chance::Chance;
use drills::fleet::Fleet;
use drills::logout::{Plan, run};
use drills::promises::Promises;

/// Logs out of a real pair with several guards under load: first without trouble, then while a
/// guard is killed and started, cut off from the issuer, and started without its replica. Exits
/// with 1 if a promise was broken.
#[derive(Debug, Parser)]
#[command(name = "logout-drill")]
struct Arguments {
    /// Log-outs without trouble.
    #[arg(long, default_value_t = 500)]
    logouts: usize,
    /// Log-outs with each kind of trouble.
    #[arg(long, default_value_t = 200)]
    troubled: usize,
    /// Log-outs a second.
    #[arg(long, default_value_t = 40)]
    pace: u32,
    /// Guards.
    #[arg(long, default_value_t = 3)]
    guards: usize,
    /// Requests a second of the load on all guards together.
    #[arg(long, default_value_t = 100)]
    rate: u32,
    /// Keep the issuer's data in a `PostgreSQL` server of the tests instead of a SQLite file.
    #[arg(long)]
    postgres: bool,
    /// The seed of an earlier run, to make its choices again.
    #[arg(long)]
    seed: Option<u64>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let progress = |line| eprintln!("  … {line}");
    let plan = Plan {
        logouts: arguments.logouts,
        troubled: arguments.troubled,
        pace: arguments.pace.max(1),
        guards: arguments.guards.max(1),
        rate: arguments.rate.max(1),
        postgres: arguments.postgres,
        seed: arguments.seed.unwrap_or_else(Chance::fresh_seed),
        slack: 1,
    };
    println!("{}; seed {}", Fleet::describe(&plan.make()), plan.seed);
    let mut all = Promises::default();
    for phase in run(&plan, &progress) {
        println!("\n{phase}");
        all.take(phase.trouble.word(), phase.promises());
    }
    println!("\n{all}");
    if all.broken().is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
