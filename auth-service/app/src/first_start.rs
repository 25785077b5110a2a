//! Makes the parts that a new installation needs before it can serve: a signing key, and the client
//! that api-service authenticates as. Each step returns a line about its work. A second run does
//! nothing.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use signet_contract::scope::{DIRECTORY_READ, EVENTS_READ};
use signet_files::{private, secret};
use zeroize::Zeroizing;

use crate::clients::write_secret;
use crate::error::AppError;
use crate::keys::Rotator;
use auth_crypto::signing::KeyBits;
use auth_domain::audit::Act;
use auth_domain::clients::{Client, new_secret, secret_hash};
use auth_domain::keys::KeyState;
use auth_domain::service_tokens::authentic;
use auth_store::Store;

/// The client of the guard that comes with Signet.
pub const CLIENT_ID: &str = "api-service";

/// The file of its secret, relative to the working directory.
pub const SECRET_FILE: &str = "keys/clients/api-service.secret";

/// The longest secret file, in bytes.
const LONGEST_SECRET: usize = 4 * 1024;

/// The parts that the steps work with.
pub struct FirstStart<'a> {
    /// The database.
    pub store: &'a Store,
    /// Makes the signing key.
    pub rotator: &'a Rotator,
    /// The folder of the private keys.
    pub keys_dir: &'a Path,
    /// The size of a new key.
    pub key_bits: KeyBits,
    /// The actor of the steps.
    pub act: &'a Act,
}

impl FirstStart<'_> {
    /// Makes all missing parts.
    pub fn init(&self) -> Result<Vec<String>, AppError> {
        let _lock = lock(self.keys_dir)?;
        self.make_missing()
    }

    /// Makes the parts that a server needs: a missing signing key, and at the first start also the
    /// client. A later start restores no removed client and renews no secret that was moved away.
    pub fn prepare_server(&self) -> Result<Vec<String>, AppError> {
        let _lock = lock(self.keys_dir)?;
        if self.store.first_start_done()? {
            return Ok(vec![self.first_key()?]);
        }
        self.make_missing()
    }

    fn make_missing(&self) -> Result<Vec<String>, AppError> {
        let key = self.first_key()?;
        let client = match (self.store.find_client(CLIENT_ID)?, read_secret()?) {
            (Some(client), Some(secret)) if client.secret_hash == secret_hash(&secret) => {
                format!("the client {CLIENT_ID} is registered, its secret is in {SECRET_FILE}")
            }
            (Some(client), Some(secret)) if authentic(Some(&client), &secret, self.act.at) => {
                format!(
                    "the client {CLIENT_ID} has a newer secret than the one in {SECRET_FILE}, which \
                     is good for a while: write the newer one there, or run `clients \
                     rotate-secret {CLIENT_ID}`"
                )
            }
            (Some(_), Some(_)) => format!(
                "the client {CLIENT_ID} is registered with another secret than the one in \
                 {SECRET_FILE}; remove the file and run this again for a new one"
            ),
            (Some(_), None) => self.renew_secret()?,
            (None, secret) => self.register(secret)?,
        };
        self.store.note_first_start(self.act.at)?;
        Ok(vec![key, client])
    }

    /// Makes a signing key if none signs.
    fn first_key(&self) -> Result<String, AppError> {
        let known = self.store.list_keys()?;
        if let Some(key) = known.iter().find(|key| key.state == KeyState::Active) {
            return Ok(format!("the signing key is {}", key.kid));
        }
        let key = self.rotator.generate_key(self.store, self.key_bits, self.act)?;
        Ok(format!("made the signing key {} in {}", key.kid, self.keys_dir.display()))
    }

    /// Writes the file first: after a crash, the next start registers the secret in it.
    fn register(&self, found: Option<Zeroizing<String>>) -> Result<String, AppError> {
        let (secret, which) = if let Some(secret) = found {
            (secret, "the secret found")
        } else {
            let secret = new_secret().map_err(AppError::internal)?;
            keep_secret(&secret)?;
            (secret, "a new secret")
        };
        let scopes = vec![DIRECTORY_READ.into(), EVENTS_READ.into()];
        let client = Client::new(CLIENT_ID, scopes, secret_hash(&secret), self.act.at);
        self.store.add_client(&client, self.act)?;
        Ok(format!("registered the client {CLIENT_ID} with {which} in {SECRET_FILE}"))
    }

    /// Writes the database first: after a crash, the file is still missing and the next `init` makes
    /// another secret.
    fn renew_secret(&self) -> Result<String, AppError> {
        let secret = new_secret().map_err(AppError::internal)?;
        let hash = secret_hash(&secret);
        self.store.rotate_client_secret(CLIENT_ID, &hash, Duration::ZERO, self.act)?;
        keep_secret(&secret)?;
        Ok(format!(
            "{SECRET_FILE} was missing: the client {CLIENT_ID} has a new secret in it, and the old \
             one is void"
        ))
    }
}

/// Locks out other processes until the result is dropped. Waits for a process that has the lock.
/// Two at once would each make a key, and one would overwrite the other's secret.
fn lock(keys_dir: &Path) -> Result<File, AppError> {
    let locked = || {
        private::make_folder(keys_dir)?;
        let folder = File::open(keys_dir)?;
        folder.lock()?;
        Ok(folder)
    };
    locked().map_err(|error| AppError::file("lock", keys_dir, &error))
}

fn keep_secret(secret: &str) -> Result<(), AppError> {
    let file = Path::new(SECRET_FILE);
    if let Some(folder) = file.parent() {
        private::make_folder(folder).map_err(|error| AppError::file("write", file, &error))?;
    }
    write_secret(file, secret)
}

/// Returns the secret in the file, or `None` if the file is missing or empty.
fn read_secret() -> Result<Option<Zeroizing<String>>, AppError> {
    match secret::read(Path::new(SECRET_FILE), LONGEST_SECRET) {
        Ok(text) => {
            let secret = Zeroizing::new(text.trim().to_owned());
            Ok(Some(secret).filter(|secret| !secret.is_empty()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(AppError::file("read", Path::new(SECRET_FILE), &error)),
    }
}
