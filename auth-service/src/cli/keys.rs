//! `keys`: list, plan, generate, import, rotate, revoke, export the public half.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Subcommand, ValueEnum};
use signet_service::failure::Failure;

use super::{Context, database, output};
use crate::startup::keys::rotator;
use auth_app::first_start;
use auth_app::keys::{self, Imported, Rotator};
use auth_crypto::signing::KeyBits;
use auth_domain::keys::{Key, KeyState};
use auth_store::Store;

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
    /// Make a new standby key, in place of the present one
    Generate {
        /// The size [default: `AUTH_KEY_BITS`]
        #[arg(long, value_parser = crate::settings::key_bits())]
        bits: Option<KeyBits>,
    },
    /// Import an RSA key from a PEM file as the standby key
    ///
    /// The file is PKCS#1 or PKCS#8, not encrypted. The key replaces the standby key. It signs at once
    /// if no key has signed a token yet.
    Import {
        /// The file; it is copied
        file: PathBuf,
        /// Sign with it at once; the standby key stays
        #[arg(long)]
        activate: bool,
    },
    /// Rotate to the standby key
    ///
    /// A ripe standby key signs at once: it has been published for two `AUTH_JWKS_MAX_AGE`, and every
    /// live guard holds it. Otherwise it signs as soon as it is ripe.
    Rotate {
        /// Rotate at once, also if the standby key is not ripe
        ///
        /// Guards fetch the key at once. Other verifiers may refuse tokens until they fetch the key
        /// set again.
        #[arg(long)]
        immediate: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Revoke a key and every token that it signed; print the confirmation of each guard
    #[command(group(ArgGroup::new("target").args(["kid", "all"]).required(true)))]
    Revoke {
        /// The key's thumbprint
        // One in 64 begins with a hyphen.
        #[arg(allow_hyphen_values = true)]
        kid: Option<String>,
        /// Revoke every published key, and sign with a new one
        ///
        /// For a stolen keys folder, database or machine. Key pairs that are not published are deleted.
        #[arg(long)]
        all: bool,
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
        Command::Revoke { kid, all: _, wait, json } => revoke::run(kid, wait, json, context),
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
    let rotator = rotator(&context.settings);
    let made = rotator.generate_key(&store, bits, &context.act()).map_err(Failure::failed)?;
    output::line(&format!("made {}", described(&made)))?;
    next_standby(&rotator, &store, context)
}

fn import(file: &Path, activate: bool, context: &Context) -> Result<(), Failure> {
    let key = keys::read_key_file(file).map_err(Failure::failed)?;
    check_folder(context)?;
    let store = database::or_new(context)?;
    let rotator = rotator(&context.settings);
    let imported = rotator.import_key(&store, &key, activate, &context.act());
    let kid = key.kid();
    output::line(&match imported.map_err(Failure::failed)? {
        Imported::New(key) => format!("imported {}", described(&key)),
        Imported::Known(state) => format!("{kid} is known already; it is {}", state.word()),
        Imported::Activated => format!("{kid} was known; it signs from now on"),
    })?;
    next_standby(&rotator, &store, context)
}

/// Makes the next standby key if there is none, after a change of the keys.
fn next_standby(rotator: &Rotator, store: &Store, context: &Context) -> Result<(), Failure> {
    rotator.make_standby(store, &context.act()).map(drop).map_err(|error| {
        Failure::failed(format_args!("the change is made, but no standby key: {error}"))
    })
}

fn rotate(immediate: bool, json: bool, context: &Context) -> Result<(), Failure> {
    let store = database::existing(context)?;
    let (rotator, act) = (rotator(&context.settings), context.act());
    let rotation = keys::rotate_keys(&rotator, &store, immediate, &act).map_err(Failure::failed)?;
    if json {
        output::json(&rotation)?;
    } else if rotation.state == KeyState::Active {
        output::line(&format!("{} signs from now on", rotation.kid))?;
    } else {
        let (kid, signs_at) = (rotation.kid, output::time(rotation.signs_at));
        output::line(&format!("{kid} signs at {signs_at}, if every guard holds it by then"))?;
    }
    next_standby(&rotator, &store, context)
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
        _ => format!("{}, which is the standby key: the next rotation makes it active", key.kid),
    }
}
