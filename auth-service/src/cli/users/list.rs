//! `users list`.

use clap::Args;
use signet_contract::directory::UserState;
use signet_service::failure::Failure;

use super::super::listed::Listed;
use super::super::{Context, database, output};
use auth_app::users::{self, UserList};
use auth_domain::page::Cursor;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    listed: Listed,
    /// Continue after this cursor, from the end of the previous list
    #[arg(long)]
    after: Option<Cursor>,
    /// Only users with this text in name, address or start of the id
    #[arg(long)]
    search: Option<String>,
}

pub(super) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let store = database::existing(context)?;
    let (limit, search) = (arguments.listed.limit, arguments.search.clone());
    let list =
        users::list_users(&store, arguments.after, limit, search).map_err(Failure::failed)?;
    if arguments.listed.json {
        return output::json(&list);
    }
    let UserList { users, next } = list;
    let cells = users.into_iter().map(|row| {
        let state = match row.state {
            UserState::Active => "active",
            UserState::Disabled => "disabled",
        };
        let (roles, created) = (row.roles.join(", "), output::time(row.created_at));
        vec![row.public_id.to_string(), row.name, row.email, state.into(), roles, created]
    });
    output::table(&["public_id", "name", "email", "state", "roles", "created"], cells)?;
    match next {
        Some(next) => output::line(&format!("more follow: --after {next}")),
        None => Ok(()),
    }
}
