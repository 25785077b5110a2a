//! `users set-password`: the way back for a user who forgot the password.

use std::path::PathBuf;

use clap::Args;
use signet_service::failure::Failure;

use super::super::{Context, database, output, password_input};
use auth_app::users;
use auth_crypto::hashing;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The user's id or e-mail address
    who: String,
    /// Read the password from this file instead of standard input
    #[arg(long)]
    password_file: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let Arguments { who, password_file } = arguments;
    let store = database::existing(context)?;
    // The user is looked up first, so that no password is asked for in vain.
    let public_id = users::find_user(&store, who).map_err(Failure::failed)?;
    let password = password_input::read(password_file.as_deref())?;
    users::check_password(&store, public_id, &password).map_err(Failure::failed)?;
    let hash = hashing::hash(password.as_bytes()).map_err(Failure::failed)?;
    let set = users::set_user_password(&store, public_id, &hash, &context.act());
    set.map_err(Failure::failed)?;
    output::line(&format!("{who} has a new password, and every session has ended"))
}
