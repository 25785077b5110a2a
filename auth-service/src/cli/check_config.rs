//! `check-config`: every setting, its value, and where that comes from.

use clap::Args;
use serde::Serialize;
use shared::service::failure::Failure;
use shared::service::settings::{Origin, Setting, Values};

use super::output;
use crate::settings::{ALL, shown};

#[derive(Args)]
pub(super) struct Arguments {
    /// Print JSON
    #[arg(long, conflicts_with = "env")]
    json: bool,
    /// Print a documented .env file; settings at their default are commented out
    #[arg(long)]
    env: bool,
}

#[derive(Serialize)]
struct Row<'v> {
    name: &'v str,
    value: Option<String>,
    origin: String,
}

fn row<'v>(setting: &'v Setting, values: &Values) -> Row<'v> {
    let found = values.raw(setting);
    Row {
        name: setting.name,
        value: found.map(|(value, _)| shown(value)),
        origin: found.map_or(Origin::Default, |(_, origin)| origin).to_string(),
    }
}

/// The values have been parsed before this is called, so they are good.
pub(super) fn run(arguments: &Arguments, values: &Values) -> Result<(), Failure> {
    if arguments.env {
        return output::line(env_file(values).trim_end());
    }
    let rows = ALL.iter().map(|setting| row(setting, values));
    if arguments.json {
        return output::json(&serde_json::json!({ "settings": rows.collect::<Vec<_>>() }));
    }
    let cells = rows.map(|row| {
        vec![row.name.to_owned(), row.value.unwrap_or_else(|| "(none)".into()), row.origin]
    });
    output::table(&["setting", "value", "from"], cells)
}

fn env_file(values: &Values) -> String {
    let lines: Vec<String> = ALL
        .iter()
        .map(|setting| {
            let given = values.raw(setting).filter(|(_, origin)| *origin != Origin::Default);
            setting.env_lines(given.map(|(value, _)| shown(value)).as_deref())
        })
        .collect();
    lines.join("\n")
}
