//! `sessions`: list, revoke.

use clap::{Args, Subcommand};
use signet_service::failure::Failure;
use uuid::Uuid;

use super::listed::Listed;
use super::{Context, database, output};
use auth_app::sessions::{self, SessionList};
use auth_app::users;
use auth_domain::sessions::{SessionCursor, SessionQuery};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the open sessions, the latest first
    List(ListArguments),
    /// End a session; every guard then refuses its access tokens
    Revoke {
        /// The session's id
        sid: Uuid,
    },
}

#[derive(Args)]
pub(super) struct ListArguments {
    /// Only those of this user: the id or the e-mail address
    user: Option<String>,
    #[command(flatten)]
    listed: Listed,
    /// Continue after this cursor, from the end of the previous list
    #[arg(long)]
    after: Option<SessionCursor>,
}

pub(super) fn run(command: Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::List(arguments) => list(&arguments, context),
        Command::Revoke { sid } => revoke(sid, context),
    }
}

fn list(arguments: &ListArguments, context: &Context) -> Result<(), Failure> {
    let store = database::existing(context)?;
    let public_id = arguments.user.as_deref().map(|who| users::find_user(&store, who)).transpose();
    let query = SessionQuery {
        public_id: public_id.map_err(Failure::failed)?,
        after: arguments.after,
        limit: arguments.listed.limit,
    };
    let list = sessions::list_sessions(&store, &query, context.clock.now());
    let list = list.map_err(Failure::failed)?;
    if arguments.listed.json {
        return output::json(&list);
    }
    let SessionList { sessions, next } = list;
    let cells = sessions.into_iter().map(|row| {
        let (sid, public_id) = (row.sid.to_string(), row.public_id.to_string());
        let (address, agent) =
            (row.address.unwrap_or_default(), row.user_agent.unwrap_or_default());
        let expires = row.expires_at.map(output::time).unwrap_or_default();
        let (created, used) = (output::time(row.created_at), output::time(row.last_used_at));
        vec![sid, public_id, created, used, expires, address, agent]
    });
    let header = ["sid", "public_id", "created", "last used", "expires", "address", "user agent"];
    output::table(&header, cells)?;
    match next {
        Some(next) => output::line(&format!("more follow: --after {next}")),
        None => Ok(()),
    }
}

fn revoke(sid: Uuid, context: &Context) -> Result<(), Failure> {
    let store = database::existing(context)?;
    let owner = sessions::end_session(&store, sid, &context.act()).map_err(Failure::failed)?;
    output::line(&format!("the session {sid} of {owner} has ended"))
}
