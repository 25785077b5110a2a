//! `keys`: list, plan, generate, import, rotate, revoke, export the public half.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use signet_contract::jwks::MAX_KEYS;
use signet_service::failure::Failure;

use super::{Context, database, output};
use crate::startup::key_policy;
use auth_app::keys::Rotator;
use auth_crypto::signing::KeyBits;
use auth_crypto::signing::{self, KeyFiles, PrivateKey, key_files};
use auth_domain::keys::{Added, Entry, Key, KeyPolicy, KeyState, next_to_leave};
use auth_store::Store;

mod export;
mod list;
mod plan;
mod revoke;
mod rotate;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List every key that was ever known
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show when keys change by themselves, and what that means for those who hold a PEM
    Plan {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a key; it signs once verifiers have had time to fetch it
    Generate {
        /// The size [default: `AUTH_KEY_BITS`]
        #[arg(long, value_parser = crate::settings::key_bits())]
        bits: Option<KeyBits>,
    },
    /// Take over an RSA key from a PEM file (PKCS#1 or PKCS#8, not encrypted)
    Import {
        /// The file; it is copied
        file: PathBuf,
        /// Sign with it at once, even if other keys have signed tokens
        #[arg(long)]
        activate: bool,
    },
    /// Let the next key take over, once every guard holds it
    Rotate {
        /// Now: other verifiers than Signet's may refuse tokens until they fetch the key set again
        #[arg(long)]
        immediate: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Void a key and every token that it signed; prints which guards have confirmed it
    Revoke {
        /// The key's thumbprint
        // One in 64 begins with a hyphen.
        #[arg(allow_hyphen_values = true)]
        kid: String,
        /// End with 1 unless every live guard has confirmed it within 5 seconds
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
        Command::Rotate { immediate, json } => rotate::run(immediate, json, context),
        Command::Revoke { kid, wait, json } => revoke::run(&kid, wait, json, context),
        Command::Generate { bits } => generate(bits, context),
        Command::Import { file, activate } => import(&file, activate, context),
        Command::ExportPublic { kid, format } => export::run(kid.as_deref(), format, context),
    }
}

fn generate(bits: Option<KeyBits>, context: &Context) -> Result<(), Failure> {
    let database = database::or_new(context)?;
    let bits = bits.unwrap_or(context.settings.key_bits);
    let made = signing::generate(bits).map_err(Failure::failed)?;
    let key = add(&made, Entry::Planned, &database, context)?;
    output::line(&format!("made {}", told(&key)))
}

fn import(file: &std::path::Path, activate: bool, context: &Context) -> Result<(), Failure> {
    let imported = key_files::read_key(file).map_err(Failure::failed)?;
    let database = database::or_new(context)?;
    let known = database.list_keys().map_err(Failure::failed)?;
    if let Some(key) = known.into_iter().find(|key| key.kid == imported.kid()) {
        return import_known(&key, &imported, activate, &database, context);
    }
    let entry = if activate { Entry::AtOnce } else { Entry::AtOnceIfUnused };
    let key = add(&imported, entry, &database, context)?;
    output::line(&format!("imported {}", told(&key)))
}

/// Imports a known key again. Rewrites its file, in case it was lost. Changes its state only on
/// request, and never back.
fn import_known(
    key: &Key,
    imported: &PrivateKey,
    activate: bool,
    database: &Store,
    context: &Context,
) -> Result<(), Failure> {
    let kid = &key.kid;
    match key.state {
        KeyState::Pending | KeyState::Active => {}
        state => {
            return Err(Failure::failed(format_args!(
                "the key {kid} is known and {}: it never signs again; make a new one",
                state.word()
            )));
        }
    }
    files(context).keep(imported).map_err(Failure::failed)?;
    if activate && key.state == KeyState::Pending {
        database.activate_key(kid, &context.act()).map_err(Failure::failed)?;
        return output::line(&format!("{kid} was known; it signs from now on"));
    }
    output::line(&format!("{kid} is known already; it is {}", key.state.word()))
}

/// Writes the file first, so that every published key has its private key.
fn add(
    key: &PrivateKey,
    entry: Entry,
    database: &Store,
    context: &Context,
) -> Result<Key, Failure> {
    let act = context.act();
    files(context).keep(key).map_err(Failure::failed)?;
    let public = key.public();
    let fresh = Key::fresh(public.kid, public.n, public.e, act.at);
    match database.add_key(&fresh, entry, &act).map_err(Failure::failed)? {
        Added::New(key) | Added::Known(key) => Ok(key),
        Added::Full => {
            files(context).forget(&fresh.kid).map_err(Failure::failed)?;
            let keys = database.list_keys().map_err(Failure::failed)?;
            Err(full(&keys, &key_policy(&context.settings)))
        }
    }
}

fn rotator(context: &Context) -> Rotator {
    Rotator::new(files(context), context.settings.key_bits, key_policy(&context.settings))
}

/// Returns the failure for a full key set.
fn full(keys: &[Key], policy: &KeyPolicy) -> Failure {
    let next = next_to_leave(keys, policy).map_or_else(
        || "none leaves by itself".into(),
        |at| format!("the next one leaves at {}", output::time(at)),
    );
    Failure::failed(format_args!("the key set holds {MAX_KEYS} keys, which is the most; {next}"))
}

fn files(context: &Context) -> KeyFiles {
    KeyFiles::in_folder(&context.settings.keys_dir)
}

fn told(key: &Key) -> String {
    match key.state {
        KeyState::Active => format!("{}, which signs from now on", key.kid),
        _ => format!(
            "{}, which is pending: it signs two AUTH_JWKS_MAX_AGE after a server first served it",
            key.kid
        ),
    }
}
