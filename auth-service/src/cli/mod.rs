//! The commands. Each is a file here: it reads its arguments, calls `domain` and `store`, prints.
//!
//! Exit status: 0 done, 1 failed, 2 wrong arguments, 64 a setting that is wrong.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use shared::clock::{Clock, SystemClock};
use shared::service::completions::{self, Shell};
use shared::service::failure::{Failure, print_refused_arguments};
use shared::service::settings::{DotEnv, Environment, ProcessEnvironment, Setting, Values};
use shared::service::telemetry;

use crate::domain::audit::Act;
use crate::http;
use crate::settings::{self, Settings};
use crate::startup;

mod audit;
mod check_config;
mod clients;
mod database;
mod guards;
mod health;
mod init;
mod keys;
mod listed;
mod output;
mod password_input;
mod sessions;
mod users;

/// The issuer: it owns the users, checks passwords, signs access tokens and publishes its keys.
#[derive(Parser)]
#[command(
    name = "auth-service",
    version,
    subcommand_required = true,
    arg_required_else_help = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve, until told to end; in an empty folder, do what `init` does first
    Serve,
    /// Make the database, the first signing key and the client of api-service, where missing
    Init,
    /// Print every setting, its value and where that comes from
    CheckConfig(check_config::Arguments),
    /// Print the description of the routes (`OpenAPI` 3.1)
    Openapi,
    /// Ask the running server whether it is ready; exit 0 if it is, 1 if not
    Health,
    /// Print the script that completes these commands in a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Signing keys
    #[command(subcommand)]
    Keys(keys::Command),
    /// Users
    #[command(subcommand)]
    Users(users::Command),
    /// Sessions: who is logged in where
    #[command(subcommand)]
    Sessions(sessions::Command),
    /// Clients: services that get tokens for themselves
    #[command(subcommand)]
    Clients(clients::Command),
    /// Guards: the processes that check tokens and follow the change feed
    #[command(subcommand)]
    Guards(guards::Command),
    /// The audit log: who did what to whom, when and from where
    #[command(subcommand)]
    Audit(audit::Command),
}

/// What every command has.
struct Context {
    settings: Settings,
    values: Values,
    clock: Arc<dyn Clock>,
}

impl Context {
    /// What the operator who typed the command does, now.
    fn act(&self) -> Act {
        Act::by_operator(self.clock.now())
    }
}

/// Every command, with every setting as a flag.
fn command_line() -> clap::Command {
    plain_values(Arguments::command()).args(settings::ALL.iter().map(Setting::arg))
}

/// Takes what follows an option for its value, whatever it begins with: one key's thumbprint in 64
/// begins with a hyphen, and names and addresses may.
fn plain_values(command: clap::Command) -> clap::Command {
    let plain = |argument: clap::Arg| {
        let option = !argument.is_positional() && argument.get_action().takes_values();
        if option { argument.allow_hyphen_values(true) } else { argument }
    };
    command.mut_args(plain).mut_subcommands(plain_values)
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let parsed = command_line().try_get_matches().and_then(|matches| {
        let arguments = Arguments::from_arg_matches(&matches)?;
        Ok((matches, arguments))
    });
    let (matches, arguments) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return print_refused_arguments(error),
    };
    let done = DotEnv::read(Path::new(".env"))
        .and_then(|file| Values::find(settings::ALL, &matches, &ProcessEnvironment, &file))
        .and_then(|values| Ok((Settings::from_values(&values)?, values)))
        .map_err(Failure::from)
        .and_then(|(settings, values)| {
            execute(arguments.command, Context { settings, values, clock: Arc::new(SystemClock) })
        });
    match done {
        Ok(()) => {
            telemetry::flush();
            ExitCode::SUCCESS
        }
        Err(failure) => failure.report("auth-service"),
    }
}

fn execute(command: Command, context: Context) -> Result<(), Failure> {
    match command {
        Command::Serve => {
            telemetry::start(ProcessEnvironment.var("RUST_LOG").ok().flatten().as_deref());
            actix_web::rt::System::new().block_on(startup::serve(context.settings, context.clock))
        }
        Command::Init => init::run(&context),
        Command::CheckConfig(arguments) => check_config::run(&arguments, &context.values),
        Command::Openapi => output::json(&http::openapi::document()),
        Command::Completions { shell } => {
            output::line(completions::script(command_line(), shell).trim_end())
        }
        Command::Health => health::run(context.settings.management_bind),
        Command::Keys(command) => keys::run(command, &context),
        Command::Users(command) => users::run(command, &context),
        Command::Sessions(command) => sessions::run(command, &context),
        Command::Clients(command) => clients::run(command, &context),
        Command::Guards(command) => guards::run(&command, &context),
        Command::Audit(command) => audit::run(&command, &context),
    }
}

#[cfg(test)]
mod tests;
