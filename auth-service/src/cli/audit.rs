//! `audit`: list.

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use signet_service::failure::Failure;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::listed::Listed;
use super::{Context, database, output};
use auth_app::audit::{self, AuditLog};
use auth_app::users;
use auth_domain::audit::{Action, AuditQuery};
use auth_domain::page::Cursor;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List actions and refusals, the latest first
    List(Arguments),
}

#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    listed: Listed,
    /// Continue after this cursor, from the end of the previous list
    #[arg(long)]
    after: Option<Cursor>,
    /// Only actions of this user (an id) or client
    #[arg(long)]
    actor: Option<String>,
    /// Only this action
    #[arg(long, hide_possible_values = true,
        value_parser = PossibleValuesParser::new(Action::ALL.iter().map(|action| action.word())))]
    action: Option<String>,
    /// Only actions on the user, session, client or key with this id
    #[arg(long)]
    subject: Option<String>,
    /// Only rows that concern this user: an id or an e-mail address
    #[arg(long)]
    user: Option<String>,
    /// Only from this time on, such as 2026-01-31T12:00:00Z
    #[arg(long, value_parser = time)]
    since: Option<OffsetDateTime>,
    /// Only before this time
    #[arg(long, value_parser = time)]
    until: Option<OffsetDateTime>,
}

fn time(text: &str) -> Result<OffsetDateTime, String> {
    let parsed = OffsetDateTime::parse(text, &Rfc3339);
    parsed.map_err(|_| "is no time such as 2026-01-31T12:00:00Z".to_owned())
}

pub(super) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    let Command::List(arguments) = command;
    let store = database::existing(context)?;
    let public_id = arguments.user.as_deref().map(|who| users::find_user(&store, who)).transpose();
    let query = AuditQuery {
        before: arguments.after.map(|Cursor(id)| id),
        limit: arguments.listed.limit,
        actor: arguments.actor.clone(),
        action: arguments.action.clone(),
        subject: arguments.subject.clone(),
        public_id: public_id.map_err(Failure::failed)?,
        since: arguments.since,
        until: arguments.until,
    };
    let list = audit::list_audit(&store, query).map_err(Failure::failed)?;
    if arguments.listed.json {
        return output::json(&list);
    }
    let AuditLog { audit, next } = list;
    let named = |kind: String, id: Option<String>| match id {
        Some(id) => format!("{kind} {id}"),
        None => kind,
    };
    let cells = audit.into_iter().map(|row| {
        let outcome = row.refused.map_or("done".into(), |why| format!("refused: {why}"));
        vec![
            output::exact_time(row.at),
            named(row.actor_type, row.actor),
            row.action,
            outcome,
            named(row.subject_type, row.subject),
            row.origin.unwrap_or_default(),
            row.detail.unwrap_or_default(),
        ]
    });
    output::table(&["at", "actor", "action", "outcome", "subject", "from", "detail"], cells)?;
    match next {
        Some(next) => output::line(&format!("more follow: --after {next}")),
        None => Ok(()),
    }
}
