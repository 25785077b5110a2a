//! `users create`: the only way to make the first admin.

use std::path::PathBuf;

use clap::Args;
use signet_service::failure::Failure;

use super::super::{Context, database, output, password_input};
use super::Role;
use auth_app::users::{self, UserForm};
use auth_crypto::hashing;
use auth_domain::sign_up::SignUpForm;

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

pub(super) fn run(arguments: Arguments, context: &Context) -> Result<(), Failure> {
    let Arguments { name, email, role, password_file } = arguments;
    let password = password_input::read(password_file.as_deref())?;
    // This check comes before the database: a form with faults makes no file.
    let sign_up = SignUpForm { name, email, password };
    let form = UserForm { sign_up, roles: Some(role.all()) };
    let account = form.check().map_err(Failure::failed)?;
    let store = database::or_new(context)?;
    let hash = hashing::hash(account.password().as_bytes()).map_err(Failure::failed)?;
    let user = users::create_user(&store, account, hash, &context.act());
    output::line(&user.map_err(Failure::failed)?.public_id.to_string())
}
