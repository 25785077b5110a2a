//! `instructions`: counts the instructions of fixed pieces of work and compares them with the
//! baseline. `scripts/instructions` builds and runs it; `docs/benchmarks.md` explains the figures.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it talks to the terminal")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use drills::instructions::run;
use support::binaries;

/// Counts the instructions of fixed pieces of work with valgrind, and compares them with the committed
/// baseline. Exits with 1 if a count is more than 5 % above or below the baseline of the same machine,
/// and with 2 if the counts can't be made. On another machine it prints the counts and exits with 0.
#[derive(Debug, Parser)]
#[command(name = "instructions")]
struct Arguments {
    /// The program `fixed-work`; by default the one beside this program.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Make these counts the baseline.
    #[arg(long)]
    write: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let program = arguments.program.unwrap_or_else(binaries::fixed_work);
    match run(&program, arguments.write, &|line| eprintln!("  … {line}")) {
        Ok(comparison) => {
            println!("{comparison}");
            if comparison.outside().is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("instructions: {error}");
            ExitCode::from(2)
        }
    }
}
