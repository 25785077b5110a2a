//! `users list`.

use clap::Args;
use serde::Serialize;
use shared::contract::directory::UserState;
use shared::service::failure::Failure;
use uuid::Uuid;

use super::super::{Context, database, output};
use crate::domain::page;
use crate::domain::users::{User, UserQuery, UserStore};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// How many at most
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Go on after this cursor, which the list before ended with
    #[arg(long, default_value_t = 0)]
    after: u64,
    /// Only users whose name or address holds this text, or whose id begins with it
    #[arg(long)]
    search: Option<String>,
}

#[derive(Serialize)]
struct Row {
    public_id: Uuid,
    name: String,
    email: String,
    state: UserState,
    roles: Vec<String>,
    created_at: String,
    changed_at: String,
}

impl From<User> for Row {
    fn from(user: User) -> Self {
        Self {
            public_id: user.public_id,
            roles: user.roles(),
            name: user.name,
            email: user.email,
            state: user.state,
            created_at: output::time(user.created_at),
            changed_at: output::time(user.changed_at),
        }
    }
}

pub(super) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let query = UserQuery {
        after: arguments.after,
        limit: page::rows_for(arguments.limit),
        search: arguments.search.clone(),
    };
    let mut users = database::existing(context)?.list_users(&query).map_err(Failure::failed)?;
    let next = page::cut(&mut users, arguments.limit, |user| user.created_seq.to_string());
    let rows: Vec<Row> = users.into_iter().map(Row::from).collect();
    if arguments.json {
        return output::json(&serde_json::json!({ "users": rows, "next": next }));
    }
    let cells = rows.into_iter().map(|row| {
        let state = match row.state {
            UserState::Active => "active",
            UserState::Disabled => "disabled",
        };
        let roles = row.roles.join(", ");
        vec![row.public_id.to_string(), row.name, row.email, state.into(), roles, row.created_at]
    });
    output::table(&["public_id", "name", "email", "state", "roles", "created"], cells)?;
    match next {
        Some(next) => output::line(&format!("more follow: --after {next}")),
        None => Ok(()),
    }
}
