//! `clients`: add, list, rotate-secret, remove.

use std::path::{Path, PathBuf};

use auth_crypto::durable_file;
use clap::Subcommand;
use signet_service::failure::Failure;
use zeroize::Zeroizing;

use super::{Context, database, output};
use auth_app::listing::clients::ClientList;
use auth_domain::clients::{Client, check_id, new_secret, parse_scopes, secret_hash};

mod rotate_secret;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Register a client and print its secret, once
    Add {
        /// The client's id
        client_id: String,
        /// The scopes that its tokens may hold, separated by spaces
        #[arg(long, default_value = "")]
        scope: String,
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
    /// Give a client a new secret and print it, once; the one before is good for a while yet
    RotateSecret(rotate_secret::Arguments),
    /// Remove a client; every guard refuses its tokens from then on
    Remove {
        /// The client's id
        client_id: String,
    },
}

pub(super) fn run(command: Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Add { client_id, scope, secret_file } => {
            add(&client_id, &scope, secret_file.as_deref(), context)
        }
        Command::List { json } => list(json, context),
        Command::RotateSecret(arguments) => rotate_secret::run(&arguments, context),
        Command::Remove { client_id } => remove(&client_id, context),
    }
}

fn add(
    client_id: &str,
    scope: &str,
    secret_file: Option<&Path>,
    context: &Context,
) -> Result<(), Failure> {
    check_id(client_id).map_err(Failure::failed)?;
    let scopes = parse_scopes(scope)
        .ok_or_else(|| Failure::failed("a scope holds a character that RFC 6749 does not allow"))?;
    let database = database::or_new(context)?;
    let taken = || Failure::failed(format_args!("the client {client_id} exists already"));
    // This check comes before the file is overwritten.
    if database.find_client(client_id).map_err(Failure::failed)?.is_some() {
        return Err(taken());
    }
    let secret = new_secret().map_err(Failure::failed)?;
    if let Some(file) = secret_file {
        let line = Zeroizing::new(format!("{}\n", secret.as_str()));
        durable_file::write(file, line.as_bytes(), 0o600).map_err(|error| {
            Failure::failed(format_args!("can't write {}: {error}", file.display()))
        })?;
    }
    let new = Client::new(client_id, scopes, secret_hash(&secret), context.clock.now());
    if !database.add_client(&new, &context.act()).map_err(Failure::failed)? {
        return Err(taken());
    }
    match secret_file {
        Some(file) => output::line(&format!("the secret is in {}", file.display())),
        None => output::line(&secret),
    }
}

fn list(json: bool, context: &Context) -> Result<(), Failure> {
    let clients = database::existing(context)?.list_clients().map_err(Failure::failed)?;
    let list = ClientList::of(&clients, context.clock.now());
    if json {
        return output::json(&list);
    }
    let cells = list.clients.into_iter().map(|row| {
        let until = row.previous_secret_until.map(output::time).unwrap_or_default();
        let (created, rotated) =
            (output::time(row.created_at), output::time(row.secret_changed_at));
        vec![row.client_id, row.scope, created, rotated, until]
    });
    output::table(&["client_id", "scope", "created", "rotated", "one before until"], cells)
}

fn remove(client_id: &str, context: &Context) -> Result<(), Failure> {
    let database = database::existing(context)?;
    if database.remove_client(client_id, &context.act()).map_err(Failure::failed)? {
        return output::line(&format!("removed {client_id}"));
    }
    Err(Failure::failed(format_args!("there is no client `{}`", client_id.escape_debug())))
}
