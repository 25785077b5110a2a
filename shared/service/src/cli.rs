//! The command line of a service: its commands, each with all settings as flags.
//!
//! Exit status: 0 success, 1 failure, 2 wrong arguments, 64 a wrong setting.

use std::path::Path;
use std::process::ExitCode;

use clap::{Arg, Args, Command, Parser, value_parser};
pub use clap_complete::Shell;
use signet_files::secret;

use super::failure::{Failure, print_refused_arguments};
use super::log_settings::LogSettings;
use super::settings::{DotEnv, Environment, Values, with_flags};
use super::{output, telemetry};

/// The file of settings in the working directory.
const DOT_ENV: &str = ".env";

/// The last line of `-h`.
const MORE: &str = "`--help` also lists the settings, each with its default.";

const SETTINGS: &str = "Each setting is a flag and an environment variable, and may stand in a .env file in \
    the working directory: flag > environment > .env > default.\n\n\
    Exit status: 0 done, 1 failed, 2 wrong arguments, 64 a setting with a value that it can't take.";

/// Runs the command line of this process: the commands of `A` with the settings of `S`.
pub fn run<A: Parser, S: Args>(
    execute: impl FnOnce(A, &Values) -> Result<(), Failure>,
) -> ExitCode {
    let parsed = with_settings::<S>(A::command()).try_get_matches().and_then(|flags| {
        let arguments = A::from_arg_matches(&flags)?;
        Ok((flags, arguments))
    });
    let (flags, arguments) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return print_refused_arguments(&error),
    };
    let done = DotEnv::read(Path::new(DOT_ENV))
        .and_then(|dot_env| Values::find::<S>(&flags, &environment(), &dot_env))
        .map_err(Failure::from)
        .and_then(|values| execute(arguments, &values));
    match done {
        Ok(()) => {
            telemetry::flush();
            ExitCode::SUCCESS
        }
        Err(failure) => failure.report(A::command().get_name()),
    }
}

/// Starts the log, and logs warnings about unknown settings and about a password in a `.env` that
/// other users may read.
pub fn start_log(values: &Values, settings: &LogSettings) {
    telemetry::start(settings);
    if let Some(warning) = values.warning() {
        tracing::warn!("{warning}");
    }
    if values.password_in_dot_env() {
        secret::warn_if_exposed(Path::new(DOT_ENV));
    }
}

/// Prints a warning about unknown settings, for a command without a log.
pub fn warn_of_unknown(values: &Values) {
    if let Some(warning) = values.warning() {
        telemetry::print_line(&format!("warning: {warning}"));
    }
}

/// Prints the completion script of `command` for `shell`.
pub fn completions<S: Args>(command: Command, shell: Shell) -> Result<(), Failure> {
    let mut command = with_settings::<S>(command);
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, &name, &mut script);
    let script = String::from_utf8_lossy(&script);
    // clap_complete 4.6 reads a hyphen in the program's name as a subcommand in one half of its
    // bash script. Without this change nothing after the first command would be completed.
    let script = script.replace(&name.replace('-', "__subcmd__"), &name.replace('-', "__"));
    output::line(script.trim_end())
}

/// Adds the settings of `S` to `command` as flags with any text. [`Values`] parses them: a wrong
/// value has another status than wrong arguments, and is an error only if no flag replaces it.
pub fn with_settings<S: Args>(command: Command) -> Command {
    let flag = |arg: Arg| {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let help = format!("{help} [env: {}]", arg.get_id());
        arg.help(help)
            .help_heading("Settings")
            .global(true)
            .hide_short_help(true)
            .value_parser(value_parser!(String))
    };
    in_every_command(with_flags::<S>(command).mut_args(flag))
}

/// Ends the help of `command` and of each subcommand with a note on the settings. Accepts option
/// values that begin with a hyphen: one in 64 key thumbprints does, and names and addresses can.
fn in_every_command(command: Command) -> Command {
    let plain = |argument: Arg| {
        let option = !argument.is_positional() && argument.get_action().takes_values();
        if option { argument.allow_hyphen_values(true) } else { argument }
    };
    let command = command.after_help(MORE).after_long_help(SETTINGS);
    command.mut_args(plain).mut_subcommands(in_every_command)
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn environment() -> Environment {
    std::env::vars_os().collect()
}
