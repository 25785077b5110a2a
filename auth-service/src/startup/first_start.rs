//! Makes the parts that a new installation needs before it can serve: a signing key, and the client
//! that api-service authenticates as. Each step reports its work. A second run does nothing.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use auth_crypto::durable_file;
use signet_contract::scope::{DIRECTORY_READ, EVENTS_READ};
use signet_service::failure::Failure;
use zeroize::Zeroizing;

use crate::settings::Settings;
use auth_crypto::signing::{self, KeyFiles};
use auth_domain::audit::Act;
use auth_domain::clients::{Client, new_secret, secret_hash};
use auth_domain::keys::{Entry, Key, KeyState};
use auth_domain::service_tokens::authentic;
use auth_store::Store;

/// The client of the guard that comes with Signet.
pub const CLIENT_ID: &str = "api-service";

/// The file of its secret, relative to the working directory.
pub const SECRET_FILE: &str = "keys/clients/api-service.secret";

/// Runs the steps of `init`: makes all missing parts.
pub fn of_operator(
    database: &Store,
    settings: &Settings,
    act: &Act,
) -> Result<Vec<String>, Failure> {
    let _alone = alone(&settings.keys_dir)?;
    make_missing(database, settings, act)
}

fn make_missing(database: &Store, settings: &Settings, act: &Act) -> Result<Vec<String>, Failure> {
    let mut done = vec![first_key(database, settings, act)?];
    let file = Path::new(SECRET_FILE);
    done.push(match (registered(database)?, read_secret(file)?) {
        (Some(client), Some(secret)) if client.secret_hash == secret_hash(&secret) => {
            format!("the client {CLIENT_ID} is registered, its secret is in {SECRET_FILE}")
        }
        (Some(client), Some(secret)) if authentic(Some(&client), &secret, act.at) => format!(
            "the client {CLIENT_ID} is registered with a newer secret than that in {SECRET_FILE}, \
             which is good for a while yet: write the newer one there, or run `clients \
             rotate-secret {CLIENT_ID}`"
        ),
        (Some(_), Some(_)) => format!(
            "the client {CLIENT_ID} is registered with another secret than that in {SECRET_FILE}; \
             remove the file and run this again for a new one"
        ),
        (Some(_), None) => renew_secret(database, file, act)?,
        (None, secret) => register(database, file, secret, act)?,
    });
    database.note_first_start(act.at).map_err(Failure::failed)?;
    Ok(done)
}

/// Runs the steps of `serve`: makes a missing signing key, and the client at the first start only.
/// A later start restores no removed client and renews no secret that was moved away.
pub fn of_server(database: &Store, settings: &Settings, act: &Act) -> Result<Vec<String>, Failure> {
    let _alone = alone(&settings.keys_dir)?;
    if database.first_start_done().map_err(Failure::failed)? {
        return first_key(database, settings, act).map(|line| vec![line]);
    }
    make_missing(database, settings, act)
}

/// Locks out other processes until the result is dropped. Waits for a process that has the lock.
/// Two at once would each make a key, and one would overwrite the other's secret.
fn alone(keys_dir: &Path) -> Result<File, Failure> {
    let failed = |error: io::Error| {
        Failure::failed(format_args!("can't lock {}: {error}", keys_dir.display()))
    };
    make_folder(keys_dir)
        .and_then(|()| {
            let folder = File::open(keys_dir)?;
            folder.lock()?;
            Ok(folder)
        })
        .map_err(failed)
}

/// Makes a folder for the owner alone.
fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Makes a signing key if none signs.
fn first_key(database: &Store, settings: &Settings, act: &Act) -> Result<String, Failure> {
    let known = database.list_keys().map_err(Failure::failed)?;
    if let Some(key) = known.iter().find(|key| key.state == KeyState::Active) {
        return Ok(format!("the signing key is {}", key.kid));
    }
    let made = signing::generate(settings.key_bits).map_err(Failure::failed)?;
    KeyFiles::in_folder(&settings.keys_dir).keep(&made).map_err(Failure::failed)?;
    let public = made.public();
    let key = Key::fresh(public.kid, public.n, public.e, act.at);
    database.add_key(&key, Entry::Planned, act).map_err(Failure::failed)?;
    Ok(format!("made the signing key {} in {}", key.kid, settings.keys_dir.display()))
}

fn registered(database: &Store) -> Result<Option<Client>, Failure> {
    database.find_client(CLIENT_ID).map_err(Failure::failed)
}

/// Writes the file first: after a crash, the next start registers the secret in it.
fn register(
    database: &Store,
    file: &Path,
    secret: Option<Zeroizing<String>>,
    act: &Act,
) -> Result<String, Failure> {
    let (secret, whose) = if let Some(secret) = secret {
        (secret, "with the secret found")
    } else {
        let secret = new_secret().map_err(Failure::failed)?;
        write_secret(file, &secret)?;
        (secret, "with a new secret")
    };
    let scopes = vec![DIRECTORY_READ.into(), EVENTS_READ.into()];
    let client = Client::new(CLIENT_ID, scopes, secret_hash(&secret), act.at);
    database.add_client(&client, act).map_err(Failure::failed)?;
    Ok(format!("registered the client {CLIENT_ID} {whose} in {SECRET_FILE}"))
}

/// Writes the database first: after a crash, the file is still missing and the next `init` makes
/// another secret.
fn renew_secret(database: &Store, file: &Path, act: &Act) -> Result<String, Failure> {
    let secret = new_secret().map_err(Failure::failed)?;
    let renewed = database.rotate_client_secret(
        CLIENT_ID,
        &secret_hash(&secret),
        std::time::Duration::ZERO,
        act,
    );
    renewed.map_err(Failure::failed)?;
    write_secret(file, &secret)?;
    Ok(format!(
        "{SECRET_FILE} was missing: the client {CLIENT_ID} has a new secret in it, and the old \
         one is void"
    ))
}

fn write_secret(file: &Path, secret: &str) -> Result<(), Failure> {
    let failed =
        |error: io::Error| Failure::failed(format_args!("can't write {}: {error}", file.display()));
    if let Some(folder) = file.parent() {
        make_folder(folder).map_err(failed)?;
    }
    durable_file::write(file, Zeroizing::new(format!("{secret}\n")).as_bytes(), 0o600)
        .map_err(failed)
}

/// Returns the secret in the file, or `None` if the file is missing or empty.
fn read_secret(file: &Path) -> Result<Option<Zeroizing<String>>, Failure> {
    match fs::read_to_string(file) {
        Ok(text) => {
            let secret = Zeroizing::new(Zeroizing::new(text).trim().to_owned());
            Ok(Some(secret).filter(|secret| !secret.is_empty()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::failed(format_args!("can't read {}: {error}", file.display()))),
    }
}
