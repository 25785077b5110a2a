//! The commands, one per file: each reads its arguments, calls a use case, and prints.

use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory, Parser, Subcommand};
use signet_contract::clock::{Clock, SystemClock};
use signet_service::failure::Failure;
use signet_service::settings::Values;
use signet_service::settings::report::CheckConfig;
use signet_service::{cli, probe};

use crate::settings::Settings;
use crate::startup;
use auth_domain::audit::Act;
use auth_http as http;

mod audit;
mod clients;
mod database;
mod guards;
mod hidden_input;
mod init;
mod keys;
mod listed;
mod output;
mod password_input;
mod sessions;
mod users;

/// The issuer: it owns the users, checks passwords, signs access tokens and publishes its keys.
#[derive(Parser)]
#[command(name = "auth-service", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until SIGTERM; at the first start, do the work of `init` first
    Serve,
    /// Make what is missing: the database, the first signing key, the client of api-service
    Init,
    /// Print every setting, its value and the origin of the value
    CheckConfig(CheckConfig),
    /// Print the description of the routes (OpenAPI 3.1)
    Openapi,
    /// Ask the running server whether it is ready; exit 0 if it is, 1 if not
    Health,
    /// Print the script that completes these commands in a shell
    Completions {
        /// The shell
        shell: cli::Shell,
    },
    /// Signing keys
    #[command(subcommand)]
    Keys(keys::Command),
    /// Users
    #[command(subcommand)]
    Users(users::Command),
    /// Sessions of users
    #[command(subcommand)]
    Sessions(sessions::Command),
    /// Clients: services that get tokens for themselves
    #[command(subcommand)]
    Clients(clients::Command),
    /// Guards: the processes that check tokens and follow the change feed
    #[command(subcommand)]
    Guards(guards::Command),
    /// The audit log: actor, action, subject, time and origin
    #[command(subcommand)]
    Audit(audit::Command),
}

/// The values that every command has.
struct Context {
    settings: Settings,
    clock: Arc<dyn Clock>,
}

impl Context {
    /// Returns the act of the operator, at the current time.
    fn act(&self) -> Act {
        Act::by_operator(self.clock.now())
    }
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    cli::run::<Arguments, Settings>(|arguments, values| execute(arguments.command, values))
}

fn execute(command: Command, values: &Values) -> Result<(), Failure> {
    let settings = Settings::from_values(values)?;
    let context = Context { settings, clock: Arc::new(SystemClock) };
    if !matches!(command, Command::Serve) {
        cli::warn_of_unknown(values);
    }
    match command {
        Command::Serve => {
            cli::start_log(values, &context.settings.log());
            let system = actix_web::rt::System::new();
            let ended = system.block_on(startup::serve(context.settings, context.clock));
            // A thread that waits for a hung database does not delay the end.
            std::mem::forget(system);
            ended
        }
        Command::Init => init::run(&context),
        Command::CheckConfig(arguments) => arguments.run(values),
        Command::Openapi => output::json(&http::openapi::document()),
        Command::Completions { shell } => cli::completions::<Settings>(Arguments::command(), shell),
        Command::Health => probe::health(context.settings.management_bind),
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
