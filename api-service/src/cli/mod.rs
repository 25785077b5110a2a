//! The commands.

mod status;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use signet_service::failure::Failure;
use signet_service::settings::Values;
use signet_service::settings::report::CheckConfig;
use signet_service::{cli, output, probe};

use crate::settings::Settings;
use crate::{http, startup};

/// The guard: it verifies every access token by itself and serves the user directory.
#[derive(Parser)]
#[command(name = "api-service", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve clients until SIGTERM or Ctrl-C
    Serve,
    /// Print every setting, its value and the origin of the value, or the first invalid one
    CheckConfig(CheckConfig),
    /// Print the API description (OpenAPI 3.1)
    Openapi,
    /// Ask the running service for its readiness; exit 0 if it is ready, 1 if not
    Health,
    /// Print the state of the running guard: position, ages, keys, clock
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the script that completes these commands in a shell
    Completions {
        /// The shell
        shell: cli::Shell,
    },
}

/// Returns the whole command line.
pub fn command() -> clap::Command {
    cli::with_settings::<Settings>(Arguments::command())
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    cli::run::<Arguments, Settings>(|arguments, values| execute(&arguments.command, values))
}

fn execute(command: &Command, values: &Values) -> Result<(), Failure> {
    let settings = || Settings::from_values(values);
    if !matches!(command, Command::Serve) {
        cli::warn_of_unknown(values);
    }
    match command {
        Command::Serve => {
            let settings = settings()?;
            cli::start_log(values, &settings.log());
            startup::run(settings)
        }
        Command::CheckConfig(arguments) => settings().map(|_| arguments.run(values))?,
        Command::Openapi => output::line(&http::openapi().map_err(Failure::failed)?),
        Command::Health => probe::health(settings()?.management_bind),
        Command::Status { json } => status::run(*json, settings()?.management_bind),
        Command::Completions { shell } => {
            cli::completions::<Settings>(Arguments::command(), *shell)
        }
    }
}
