//! `users create`: the one way to a first admin.

use std::path::PathBuf;

use clap::Args;
use shared::service::failure::Failure;
use uuid::Uuid;

use super::super::{Context, database, output, password_input};
use super::Role;
use crate::domain::email::Email;
use crate::domain::password;
use crate::domain::users::{Created, NewUser, UserStore};
use crate::hashing;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The name, as it is shown
    #[arg(long)]
    name: String,
    /// The e-mail address
    #[arg(long)]
    email: String,
    /// The role
    #[arg(long, value_enum, default_value = "user")]
    role: Role,
    /// Read the password from this file instead of standard input
    #[arg(long)]
    password_file: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let name = arguments.name.trim();
    let email = Email::parse(&arguments.email)
        .map_err(|error| Failure::failed(format_args!("the e-mail address {error}")))?;
    let password = password_input::read(arguments.password_file.as_deref())?;
    if let Some(wrong) = password::judge(&password, name, &email.shown).first() {
        return Err(Failure::failed(format_args!("the password {wrong}")));
    }
    let database = database::or_new(context)?;
    let new = NewUser {
        public_id: Uuid::new_v4(),
        name: name.to_owned(),
        email: email.shown,
        email_key: email.key,
        password_hash: hashing::hash(password.as_bytes()).map_err(Failure::failed)?,
        admin: arguments.role == Role::Admin,
    };
    match database.create_user(&new, context.clock.now()).map_err(Failure::failed)? {
        Created::User(user) => output::line(&user.public_id.to_string()),
        Created::AddressTaken => Err(Failure::failed("another user has this e-mail address")),
    }
}
