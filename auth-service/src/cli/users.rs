//! `users`: create, list, import, set-role, set-password, disable, enable, logout, delete.

use clap::{Subcommand, ValueEnum};
use signet_service::failure::Failure;
use uuid::Uuid;

use super::{Context, database, output};
use auth_app::error::{AppError, Conflict};
use auth_app::users;
use auth_domain::audit::Act;
use auth_store::Store;

mod create;
mod import;
mod list;
mod set_password;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Create a user; asks for the password, or reads it from standard input
    ///
    /// The line end of standard input is not a part of the password.
    Create(create::Arguments),
    /// List the users in order of creation
    List(list::Arguments),
    /// Import users with their passwords from JSON lines, CSV or a SQLite file
    Import(import::Arguments),
    /// Make a user an admin or not
    SetRole {
        /// The user's id or e-mail address
        who: String,
        /// The role
        #[arg(long, value_enum)]
        role: Role,
    },
    /// Set a user's password and end every session
    ///
    /// It asks for the password, or reads it from standard input without its line end.
    SetPassword(set_password::Arguments),
    /// Disable a user and end every session
    Disable {
        /// The user's id or e-mail address
        who: String,
    },
    /// Enable a disabled user; ended sessions stay ended
    Enable {
        /// The user's id or e-mail address
        who: String,
    },
    /// End every session of a user; every guard then refuses the access tokens
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

impl Role {
    /// Returns every role of a user with this one.
    fn all(self) -> Vec<String> {
        auth_domain::roles(self == Self::Admin)
    }
}

pub(super) fn run(command: Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Create(arguments) => create::run(arguments, context),
        Command::List(arguments) => list::run(&arguments, context),
        Command::Import(arguments) => import::run(&arguments, context),
        Command::SetRole { who, role } => {
            let done = if role == Role::Admin { "is an admin" } else { "is no admin" };
            change(&who, done, context, |store, public_id, act| {
                users::set_user_roles(store, public_id, &role.all(), act)
            })
        }
        Command::SetPassword(arguments) => set_password::run(&arguments, context),
        Command::Disable { who } => change(&who, "is disabled", context, users::disable_user),
        Command::Enable { who } => change(&who, "is enabled", context, users::enable_user),
        Command::Logout { who } => {
            change(&who, "is logged out everywhere", context, users::log_user_out)
        }
        Command::Delete { who } => change(&who, "is deleted", context, users::delete_user),
    }
}

fn change(
    who: &str,
    done: &str,
    context: &Context,
    use_case: impl FnOnce(&Store, Uuid, &Act) -> Result<(), AppError>,
) -> Result<(), Failure> {
    let store = database::existing(context)?;
    users::find_user(&store, who)
        .and_then(|public_id| use_case(&store, public_id, &context.act()))
        .map_err(|error| match error {
            AppError::Conflict(Conflict::LastAdmin) => Failure::failed(format_args!(
                "{who} is the last admin; make another one first: auth-service users set-role"
            )),
            error => Failure::failed(error),
        })?;
    output::line(&format!("{who} {done}"))
}
