//! `guards`: list.

use clap::Subcommand;
use serde::Serialize;
use shared::service::failure::Failure;

use super::{Context, database, output};
use crate::domain::guards::{Guard, GuardStore, Lag, lag};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the guards that called within a day: what each holds, and how far behind it is
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Serialize)]
struct Row {
    client_id: String,
    instance: String,
    live: bool,
    position: u64,
    /// Changes that it has not confirmed.
    lag: u64,
    /// How long ago the first of them was made.
    lag_seconds: Option<f64>,
    kids: Vec<String>,
    first_seen: String,
    last_seen: String,
}

impl Row {
    fn of(guard: Guard, lag: &Lag) -> Self {
        Self {
            client_id: guard.id.client_id,
            instance: guard.id.instance.to_string(),
            live: guard.live,
            position: guard.position,
            lag: lag.changes,
            lag_seconds: lag.time.map(time::Duration::as_seconds_f64),
            kids: guard.kids.into_iter().collect(),
            first_seen: output::time(guard.first_seen),
            last_seen: output::time(guard.seen_at),
        }
    }

    fn lag_in_words(&self) -> String {
        match (self.lag, self.lag_seconds) {
            (0, _) => "none".into(),
            (changes, Some(seconds)) => format!("{changes} changes, {seconds:.1} s"),
            (changes, None) => format!("{changes} changes, longer than the feed is kept"),
        }
    }
}

pub(super) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    let Command::List { json } = *command;
    let (database, now) = (database::existing(context)?, context.clock.now());
    let guards = database.list_guards(now).map_err(Failure::failed)?;
    let with_lag = |guard| lag(&*database, &guard, now).map(|lag| Row::of(guard, &lag));
    let rows: Result<Vec<Row>, _> = guards.into_iter().map(with_lag).collect();
    let rows = rows.map_err(Failure::failed)?;
    if json {
        return output::json(&serde_json::json!({ "guards": rows, "next": null }));
    }
    let cells = rows.into_iter().map(|row| {
        let (lag, live) = (row.lag_in_words(), if row.live { "yes" } else { "no" });
        let position = row.position.to_string();
        let keys = row.kids.len().to_string();
        vec![row.client_id, row.instance, live.into(), position, lag, keys, row.last_seen]
    });
    output::table(&["client_id", "guard", "live", "position", "lag", "keys", "last seen"], cells)
}
