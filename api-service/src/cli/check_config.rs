//! `check-config`: the settings in force and where each came from, or the first wrong one.

use clap::{Arg, ArgAction, ArgMatches, Command};
use shared::service::failure::Failure;
use shared::service::settings::{Values, report};

use super::print;
use crate::settings::{self, Settings};

pub(super) const NAME: &str = "check-config";

pub(super) fn command() -> Command {
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    Command::new(NAME)
        .about("Shows every setting, its value and where it came from, or the first wrong one")
        .arg(flag("json", "Prints JSON, for programs").conflicts_with("markdown"))
        .arg(flag("markdown", "Prints what there is to set, in Markdown: defaults, not values"))
        .arg(
            flag(
                "env",
                "Prints a documented .env file; settings at their default are commented out",
            )
            .conflicts_with_all(["json", "markdown"]),
        )
}

pub(super) fn run(arguments: &ArgMatches, values: &Values) -> Result<(), Failure> {
    if arguments.get_flag("markdown") {
        return print(&report::page(settings::ALL));
    }
    if arguments.get_flag("env") {
        return print(&report::env_file(settings::ALL, values, str::to_owned));
    }
    Settings::from_values(values)?;
    let rows = report::rows(settings::ALL, values, str::to_owned);
    if arguments.get_flag("json") {
        return print(&serde_json::to_string_pretty(&rows).map_err(Failure::failed)?);
    }
    print(&report::table(&rows))
}
