//! `check-config`: every setting, its value, and where that comes from.

use clap::Args;
use shared::service::failure::Failure;
use shared::service::settings::{Values, report};

use super::output;
use crate::settings::{ALL, shown};

#[derive(Args)]
pub(super) struct Arguments {
    /// Print JSON
    #[arg(long, conflicts_with_all = ["env", "markdown"])]
    json: bool,
    /// Print a documented .env file; settings at their default are commented out
    #[arg(long, conflicts_with = "markdown")]
    env: bool,
    /// Print what there is to set, in Markdown: defaults, not values
    #[arg(long)]
    markdown: bool,
}

/// The values have been parsed before this is called, so they are good.
pub(super) fn run(arguments: &Arguments, values: &Values) -> Result<(), Failure> {
    if arguments.markdown {
        return output::line(report::page(ALL).trim_end());
    }
    if arguments.env {
        return output::line(report::env_file(ALL, values, shown).trim_end());
    }
    let rows = report::rows(ALL, values, shown);
    if arguments.json {
        return output::json(&rows);
    }
    output::line(&report::table(&rows))
}
