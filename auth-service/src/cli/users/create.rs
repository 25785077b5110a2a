//! `users create`: the only way to make the first admin.

use std::path::PathBuf;

use clap::Args;
use signet_service::failure::Failure;
use uuid::Uuid;

use super::super::{Context, database, output, password_input};
use super::Role;
use auth_crypto::hashing;
use auth_domain::sign_up::SignUpForm;
use auth_domain::users::Created;

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

/// Creates the user by the rules of `/signup`.
pub(super) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let form = SignUpForm {
        name: arguments.name.clone(),
        email: arguments.email.clone(),
        password: password_input::read(arguments.password_file.as_deref())?,
    };
    let applicant = form.check().map_err(|wrong| {
        let wrong: Vec<String> =
            wrong.into_iter().map(|(field, why)| format!("the {field} {why}")).collect();
        Failure::failed(wrong.join("; "))
    })?;
    let database = database::or_new(context)?;
    let hash = hashing::hash(applicant.password.as_bytes()).map_err(Failure::failed)?;
    let new = applicant.into_user(Uuid::new_v4(), hash, arguments.role == Role::Admin);
    match database.create_user(&new, &context.act()).map_err(Failure::failed)? {
        Created::User(user) => output::line(&user.public_id.to_string()),
        Created::AddressTaken => Err(Failure::failed("another user has this e-mail address")),
    }
}
