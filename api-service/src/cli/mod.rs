//! The command line: `api-service serve | check-config | openapi | health | status | completions`.

mod check_config;
mod completions;
mod health;
mod openapi;
mod serve;
mod status;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::{ArgMatches, Command};
use shared::service::failure::{Failure, print_refused_arguments};
use shared::service::settings::{DotEnv, Environment, Setting, Values};
use shared::service::telemetry;

use crate::settings::{self, Settings};

const ABOUT: &str = "Verifies every access token by itself and serves the user directory";

const EXIT_STATUS: &str = "Each setting is a flag and an environment variable, and may stand in a \
    .env file in the working directory: flag > environment > .env > default.\n\n\
    Exit status: 0 done, 1 failed, 2 wrong arguments, 64 a setting with a value that it can't take.";

/// Runs the command that `arguments` name, the program's own name first.
pub fn run<A: Into<OsString> + Clone>(
    arguments: impl IntoIterator<Item = A>,
    environment: &dyn Environment,
) -> ExitCode {
    let matches = match command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => return print_refused_arguments(error),
    };
    match dispatch(&matches, environment) {
        Ok(()) => {
            telemetry::flush();
            ExitCode::SUCCESS
        }
        Err(failure) => failure.report("api-service"),
    }
}

fn dispatch(matches: &ArgMatches, environment: &dyn Environment) -> Result<(), Failure> {
    let Some((name, arguments)) = matches.subcommand() else {
        return Err(Failure::failed("no command"));
    };
    // These need no setting: they describe this program, wherever it runs.
    if name == openapi::NAME {
        return openapi::run();
    }
    if name == completions::NAME {
        return completions::run(arguments);
    }
    let dot_env = DotEnv::read(Path::new(".env"))?;
    let values = Values::find(settings::ALL, arguments, environment, &dot_env)?;
    if name == check_config::NAME {
        return check_config::run(arguments, &values);
    }
    let settings = Settings::from_values(&values)?;
    match name {
        serve::NAME => serve::run(settings, environment),
        health::NAME => health::run(&settings),
        _ => status::run(arguments, &settings),
    }
}

/// The whole command line.
pub fn command() -> Command {
    Command::new("api-service")
        .about(ABOUT)
        .version(env!("CARGO_PKG_VERSION"))
        .after_help(EXIT_STATUS)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .args(settings::ALL.iter().map(Setting::arg))
        .subcommand(serve::command())
        .subcommand(check_config::command())
        .subcommand(openapi::command())
        .subcommand(health::command())
        .subcommand(status::command())
        .subcommand(completions::command())
}

/// Prints a command's result.
fn print(text: &str) -> Result<(), Failure> {
    use std::io::{ErrorKind, Write};
    match writeln!(std::io::stdout(), "{}", text.trim_end_matches('\n')) {
        // Whoever reads has enough: `| head`.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::failed(error)),
        _ => Ok(()),
    }
}
