//! `clients`: add, list, rotate-secret, remove.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use signet_service::failure::Failure;
use signet_service::settings::name;

use super::{Context, database, output};
use auth_app::clients::{self, ClientForm};

mod rotate_secret;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Register a client and print its secret once
    Add {
        /// The client's id
        client_id: String,
        /// The scopes of its tokens, separated by spaces
        #[arg(long, default_value = "")]
        scope: String,
        /// An audience for which it may get tokens; repeat it for more
        ///
        /// The issuer's list has to name it. A client always gets tokens for the issuer itself.
        #[arg(long = "allow-audience", value_name = "AUDIENCE", value_parser = name)]
        audiences: Vec<String>,
        /// Write the secret to this file (0600) instead of printing it
        #[arg(long)]
        secret_file: Option<PathBuf>,
    },
    /// List the clients
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Give a client a new secret and print it once
    ///
    /// The previous secret stays good for the overlap.
    RotateSecret(rotate_secret::Arguments),
    /// Remove a client; every guard then refuses its tokens
    Remove {
        /// The client's id
        client_id: String,
    },
}

pub(super) fn run(command: Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Add { client_id, scope, audiences, secret_file } => {
            let (scope, audiences) = (Some(scope), Some(audiences));
            let form = ClientForm { client_id, scope, scopes: None, audience: None, audiences };
            add(form, secret_file.as_deref(), context)
        }
        Command::List { json } => list(json, context),
        Command::RotateSecret(arguments) => rotate_secret::run(&arguments, context),
        Command::Remove { client_id } => remove(&client_id, context),
    }
}

fn add(form: ClientForm, secret_file: Option<&Path>, context: &Context) -> Result<(), Failure> {
    // These checks come before the database: a refused command makes no file.
    let client = form.check(&context.settings.audience).map_err(Failure::failed)?;
    secret_file.map_or(Ok(()), clients::check_secret_file).map_err(Failure::failed)?;
    let store = database::or_new(context)?;
    let keep =
        |secret: &str| secret_file.map_or(Ok(()), |file| clients::write_secret(file, secret));
    let added = clients::add_client(&store, client, &context.act(), keep);
    let secret = added.map_err(Failure::failed)?.client_secret;
    match secret_file {
        Some(file) => output::line(&format!("the secret is in {}", file.display())),
        None => output::line(&secret),
    }
}

fn list(json: bool, context: &Context) -> Result<(), Failure> {
    let store = database::existing(context)?;
    let list = clients::list_clients(&store, context.clock.now()).map_err(Failure::failed)?;
    if json {
        return output::json(&list);
    }
    let cells = list.clients.into_iter().map(|row| {
        let until = row.previous_secret_until.map(output::time).unwrap_or_default();
        let (created, rotated) =
            (output::time(row.created_at), output::time(row.secret_changed_at));
        vec![row.client_id, row.scope, row.audiences.join(" "), created, rotated, until]
    });
    let headings = ["client_id", "scope", "audiences", "created", "rotated", "previous until"];
    output::table(&headings, cells)
}

fn remove(client_id: &str, context: &Context) -> Result<(), Failure> {
    let store = database::existing(context)?;
    clients::remove_client(&store, client_id, &context.act()).map_err(Failure::failed)?;
    output::line(&format!("removed {client_id}"))
}
