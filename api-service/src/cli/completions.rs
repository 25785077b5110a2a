//! `completions`: the script that completes these commands in a shell.

use clap::{Arg, ArgMatches, Command, value_parser};
use shared::service::completions::{Shell, script};
use shared::service::failure::Failure;

use super::print;

pub(super) const NAME: &str = "completions";

pub(super) fn command() -> Command {
    Command::new(NAME).about("Prints the script that completes these commands in a shell").arg(
        Arg::new("shell").required(true).value_parser(value_parser!(Shell)).help("Which shell"),
    )
}

pub(super) fn run(arguments: &ArgMatches) -> Result<(), Failure> {
    match arguments.get_one::<Shell>("shell") {
        Some(shell) => print(&script(super::command(), *shell)),
        None => Err(Failure::failed("no shell")),
    }
}
