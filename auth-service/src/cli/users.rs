//! `users`: create, list, import, set-role, disable, enable, logout, delete.

use clap::{Subcommand, ValueEnum};
use signet_contract::directory::UserState;
use signet_service::failure::Failure;
use uuid::Uuid;

use super::{Context, database, output};
use auth_domain::email::Email;
use auth_domain::users::Changed;
use auth_store::Store;

mod create;
mod import;
mod list;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Create a user; the password is read from standard input, without its line end
    Create(create::Arguments),
    /// List the users in order of creation
    List(list::Arguments),
    /// Import users with the passwords that they have: from JSON lines, CSV or the SQLite file of the
    /// Flask tutorial
    Import(import::Arguments),
    /// Make a user an admin or not
    SetRole {
        /// The user's id or e-mail address
        who: String,
        /// The role
        #[arg(long, value_enum)]
        role: Role,
    },
    /// Disable a user and end every session
    Disable {
        /// The user's id or e-mail address
        who: String,
    },
    /// Enable a disabled user; no session revives
    Enable {
        /// The user's id or e-mail address
        who: String,
    },
    /// End every session of a user; every guard refuses the access tokens from then on
    Logout {
        /// The user's id or e-mail address
        who: String,
    },
    /// Delete a user, every session, and the name and address in the feed
    Delete {
        /// The user's id or e-mail address
        who: String,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Role {
    /// Every user has it
    User,
    /// An operator
    Admin,
}

pub(super) fn run(command: Command, context: &Context) -> Result<(), Failure> {
    let act = context.act();
    let (who, changed, done) = match command {
        Command::Create(arguments) => return create::run(&arguments, context),
        Command::List(arguments) => return list::run(&arguments, context),
        Command::Import(arguments) => return import::run(&arguments, context),
        Command::SetRole { who, role } => {
            let (database, id) = find(&who, context)?;
            let admin = role == Role::Admin;
            let done = if admin { "is an admin" } else { "is no admin" };
            (who, database.set_user_admin(id, admin, &act), done)
        }
        Command::Disable { who } => {
            let (database, id) = find(&who, context)?;
            (who, database.set_user_state(id, UserState::Disabled, &act), "is disabled")
        }
        Command::Enable { who } => {
            let (database, id) = find(&who, context)?;
            (who, database.set_user_state(id, UserState::Active, &act), "is enabled")
        }
        Command::Logout { who } => {
            let (database, id) = find(&who, context)?;
            let ended = database.end_sessions_of(id, None, &act);
            let changed = |known| if known { Changed::Done } else { Changed::Unknown };
            (who, ended.map(changed), "is logged out everywhere")
        }
        Command::Delete { who } => {
            let (database, id) = find(&who, context)?;
            (who, database.delete_user(id, &act), "is deleted")
        }
    };
    match changed.map_err(Failure::failed)? {
        Changed::Done => output::line(&format!("{who} {done}")),
        Changed::Unknown => Err(unknown(&who)),
        Changed::LastAdmin => Err(Failure::failed(format_args!(
            "{who} is the last admin; make another one first: auth-service users set-role"
        ))),
    }
}

/// Finds a user by id or e-mail address. Returns the database and the user's id.
pub(super) fn find(who: &str, context: &Context) -> Result<(std::sync::Arc<Store>, Uuid), Failure> {
    let database = database::existing(context)?;
    if let Ok(public_id) = Uuid::try_parse(who) {
        return Ok((database, public_id));
    }
    let email = Email::parse(who).map_err(|error| {
        Failure::failed(format_args!("`{}` is no user's id and {error}", who.escape_debug()))
    })?;
    let found = database.find_user_by_email_key(&email.key).map_err(Failure::failed)?;
    let public_id = found.ok_or_else(|| unknown(who))?.public_id;
    Ok((database, public_id))
}

pub(super) fn unknown(who: &str) -> Failure {
    Failure::failed(format_args!("there is no user `{}`", who.escape_debug()))
}
