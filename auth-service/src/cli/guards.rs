//! `guards`: list.

use clap::Subcommand;
use signet_service::failure::Failure;

use super::{Context, database, output};
use auth_app::guards::{GuardEntry, list_saved_guards};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the guards that called within a day, with their keys and their lag
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

fn lag_in_words(guard: &GuardEntry) -> String {
    match (guard.lag, guard.lag_seconds) {
        (0, _) => "none".into(),
        (changes, Some(seconds)) => format!("{changes} changes, {seconds:.1} s"),
        (changes, None) => format!("{changes} changes, longer than the feed is kept"),
    }
}

pub(super) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    let Command::List { json } = *command;
    let store = database::existing(context)?;
    let list = list_saved_guards(&store, context.clock.now()).map_err(Failure::failed)?;
    if json {
        return output::json(&list);
    }
    let cells = list.guards.into_iter().map(|row| {
        let (lag, live) = (lag_in_words(&row), if row.live { "yes" } else { "no" });
        let position = row.position.to_string();
        let keys = row.kids.len().to_string();
        let (instance, seen) = (row.instance.to_string(), output::time(row.last_seen));
        vec![row.client_id, instance, live.into(), position, lag, keys, seen]
    });
    output::table(&["client_id", "guard", "live", "position", "lag", "keys", "last seen"], cells)
}
