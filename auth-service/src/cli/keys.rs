//! `keys`: list, plan, generate, import, rotate, revoke, export the public half.

use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use signet_service::failure::Failure;

use super::{Context, database, output};
use crate::startup::keys::rotator;
use auth_app::first_start;
use auth_app::keys::{self, Imported, Rotation};
use auth_crypto::signing::KeyBits;
use auth_domain::keys::{Key, KeyState};

mod list;
mod plan;
mod revoke;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List all keys, also retired and revoked ones
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the scheduled changes of the keys, and the time until which a PEM is good
    Plan {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a key; it signs after its lead, when verifiers have fetched it
    Generate {
        /// The size [default: `AUTH_KEY_BITS`]
        #[arg(long, value_parser = crate::settings::key_bits())]
        bits: Option<KeyBits>,
    },
    /// Import an RSA key from a PEM file (PKCS#1 or PKCS#8, not encrypted)
    Import {
        /// The file; it is copied
        file: PathBuf,
        /// Sign with it at once, even if other keys have signed tokens
        #[arg(long)]
        activate: bool,
    },
    /// Rotate to the next key; it signs when every guard holds it
    Rotate {
        /// Rotate at once; other verifiers may refuse tokens until they fetch the key set again
        #[arg(long)]
        immediate: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Revoke a key and every token that it signed; print the confirmation of each guard
    Revoke {
        /// The key's thumbprint
        // One in 64 begins with a hyphen.
        #[arg(allow_hyphen_values = true)]
        kid: String,
        /// Exit with 1 unless every live guard confirms within 5 seconds
        #[arg(long)]
        wait: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a public key
    ExportPublic {
        /// The key's thumbprint [default: the active key]
        // One in 64 begins with a hyphen.
        #[arg(allow_hyphen_values = true)]
        kid: Option<String>,
        /// The form
        #[arg(long, value_enum, default_value = "pem")]
        format: Format,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Format {
    /// `SubjectPublicKeyInfo`, as `openssl rsa -pubout` prints it
    Pem,
    /// A JSON Web Key
    Jwk,
}

pub(super) fn run(command: Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::List { json } => list::run(json, context),
        Command::Plan { json } => plan::run(json, context),
        Command::Generate { bits } => generate(bits, context),
        Command::Import { file, activate } => import(&file, activate, context),
        Command::Rotate { immediate, json } => rotate(immediate, json, context),
        Command::Revoke { kid, wait, json } => revoke::run(kid, wait, json, context),
        Command::ExportPublic { kid, format } => export(kid.as_deref(), format, context),
    }
}

/// Checks the folder of the keys before the database: a refused command makes no file.
fn check_folder(context: &Context) -> Result<(), Failure> {
    first_start::check_writable(&context.settings.keys_dir).map_err(Failure::failed)
}

fn generate(bits: Option<KeyBits>, context: &Context) -> Result<(), Failure> {
    check_folder(context)?;
    let store = database::or_new(context)?;
    let bits = bits.unwrap_or(context.settings.key_bits);
    let made = rotator(&context.settings).generate_key(&store, bits, &context.act());
    output::line(&format!("made {}", described(&made.map_err(Failure::failed)?)))
}

fn import(file: &Path, activate: bool, context: &Context) -> Result<(), Failure> {
    let key = keys::read_key_file(file).map_err(Failure::failed)?;
    check_folder(context)?;
    let store = database::or_new(context)?;
    let imported = rotator(&context.settings).import_key(&store, &key, activate, &context.act());
    let kid = key.kid();
    output::line(&match imported.map_err(Failure::failed)? {
        Imported::New(key) => format!("imported {}", described(&key)),
        Imported::Known(state) => format!("{kid} is known already; it is {}", state.word()),
        Imported::Activated => format!("{kid} was known; it signs from now on"),
    })
}

fn rotate(immediate: bool, json: bool, context: &Context) -> Result<(), Failure> {
    let store = database::existing(context)?;
    let (rotator, act) = (rotator(&context.settings), context.act());
    let key = rotator.rotate_keys(&store, immediate, &act).map_err(Failure::failed)?;
    let rotation = Rotation::to(key, rotator.policy(), act.at);
    if json {
        return output::json(&rotation);
    }
    let Rotation { kid, state, signs_at } = rotation;
    if state == KeyState::Active {
        return output::line(&format!("{kid} signs from now on"));
    }
    let signs_at = output::time(signs_at);
    output::line(&format!(
        "{kid} is published; it signs at {signs_at} if every guard holds it by then"
    ))
}

/// Prints a public key, for clients that verify without fetching the key set.
fn export(kid: Option<&str>, format: Format, context: &Context) -> Result<(), Failure> {
    let store = database::existing(context)?;
    match format {
        Format::Pem => {
            let pem = keys::export_public_pem(&store, kid).map_err(Failure::failed)?;
            output::line(pem.trim_end())
        }
        Format::Jwk => {
            output::json(&keys::export_public_jwk(&store, kid).map_err(Failure::failed)?)
        }
    }
}

fn described(key: &Key) -> String {
    match key.state {
        KeyState::Active => format!("{}, which signs from now on", key.kid),
        _ => format!(
            "{}, which is pending: it signs two AUTH_JWKS_MAX_AGE after a server first served it",
            key.kid
        ),
    }
}
