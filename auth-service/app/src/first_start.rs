//! Makes the parts that a new installation needs before it can serve: the signing key, the standby
//! key, and the client that api-service authenticates as. Each step returns a line about its work. A second run does
//! nothing, also in another folder with the same database.

use std::fs;
use std::io;
use std::path::Path;

use signet_contract::scope::{DIRECTORY_READ, EVENTS_READ};
use signet_files::durable_file::folder_of;
use signet_files::{private, secret};
use zeroize::Zeroizing;

use crate::clients::write_secret;
use crate::error::AppError;
use crate::keys::Rotator;
use auth_crypto::signing::{FolderLock, KeyBits};
use auth_domain::audit::Act;
use auth_domain::clients::{Client, new_secret, secret_hash};
use auth_domain::keys::active;
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
        let lock = self.lock()?;
        self.make_missing(&lock)
    }

    /// Makes the parts that a server needs: a missing signing key, and at the first start also the
    /// client. A later start restores no removed client and renews no secret that was moved away.
    pub fn prepare_server(&self) -> Result<Vec<String>, AppError> {
        let lock = self.lock()?;
        if self.store.first_start_done()? {
            return self.keys(&lock);
        }
        self.make_missing(&lock)
    }

    fn make_missing(&self, lock: &FolderLock) -> Result<Vec<String>, AppError> {
        let mut lines = self.keys(lock)?;
        lines.push(self.client()?);
        self.store.note_first_start(self.act.at)?;
        Ok(lines)
    }

    /// Locks out other processes. Two at once would each make a key, and one would overwrite the
    /// other's secret.
    fn lock(&self) -> Result<FolderLock, AppError> {
        Ok(self.rotator.files().lock()?)
    }

    /// Registers the client if it is missing. A registered client keeps its secret, also if the file
    /// has another one: a guard may run with it.
    fn client(&self) -> Result<String, AppError> {
        let found = read_secret()?;
        let Some(client) = self.store.find_client(CLIENT_ID)? else { return self.register(found) };
        let rotate =
            format!("auth-service clients rotate-secret {CLIENT_ID} --secret-file {SECRET_FILE}");
        Ok(match found {
            Some(secret) if client.secret_hash == secret_hash(&secret) => {
                format!("the client {CLIENT_ID} is registered, its secret is in {SECRET_FILE}")
            }
            Some(secret) if authentic(Some(&client), &secret, self.act.at) => format!(
                "the client {CLIENT_ID} has a newer secret than the one in {SECRET_FILE}, which is \
                 good for a while: write the newer one there, or type for another one: {rotate}"
            ),
            Some(_) => format!(
                "the client {CLIENT_ID} is registered with another secret than the one in \
                 {SECRET_FILE}, and keeps it; if the secret is lost, type for a new one: {rotate}"
            ),
            None => format!(
                "the client {CLIENT_ID} is registered, but {SECRET_FILE} is missing; the client keeps \
                 its secret; if the secret is lost, type for a new one: {rotate}"
            ),
        })
    }

    /// Makes a signing key if none signs, and a standby key if there is none.
    fn keys(&self, lock: &FolderLock) -> Result<Vec<String>, AppError> {
        let mut lines = vec![self.first_key(lock)?];
        if let Some(key) = self.rotator.make_standby_in(lock, self.store, self.act)? {
            lines.push(format!(
                "made the standby key {}, the successor of the signing key",
                key.kid
            ));
        }
        Ok(lines)
    }

    fn first_key(&self, lock: &FolderLock) -> Result<String, AppError> {
        let known = self.store.list_keys()?;
        if let Some(key) = active(&known) {
            let place = if self.rotator.files().holds(&key.kid) {
                String::new()
            } else {
                let folder = self.keys_dir.display();
                format!(", but {folder} does not have its file: put it there, or set AUTH_KEYS_DIR")
            };
            return Ok(format!("the signing key is {}{place}", key.kid));
        }
        let key = self.rotator.generate_key_in(lock, self.store, self.key_bits, self.act)?;
        Ok(format!("made the signing key {} in {}", key.kid, self.keys_dir.display()))
    }

    /// Writes the file first: after a crash, the next start registers the secret in it.
    fn register(&self, found: Option<Zeroizing<String>>) -> Result<String, AppError> {
        let file = Path::new(SECRET_FILE);
        let made = found.is_none();
        let secret = match found {
            Some(secret) => secret,
            None => keep_new_secret(file)?,
        };
        let scopes = vec![DIRECTORY_READ.into(), EVENTS_READ.into()];
        let client = Client::new(CLIENT_ID, scopes, secret_hash(&secret), self.act.at);
        if !self.store.add_client(&client, self.act)? {
            // A process in another folder registered the client since the look-up.
            if made {
                fs::remove_file(file).map_err(|error| AppError::file("remove", file, &error))?;
            }
            return self.client();
        }
        let which = if made { "a new secret" } else { "the secret found" };
        Ok(format!("registered the client {CLIENT_ID} with {which} in {SECRET_FILE}"))
    }
}

/// Checks that the steps of a first start can make their files. Makes nothing.
pub fn check_folders(keys_dir: &Path) -> Result<(), AppError> {
    check_writable(keys_dir)?;
    if read_secret()?.is_none() {
        check_writable(folder_of(Path::new(SECRET_FILE)))
    } else {
        Ok(())
    }
}

/// Checks that files can be made in a folder, or that the folder can be made. Makes nothing.
pub fn check_writable(folder: &Path) -> Result<(), AppError> {
    private::check_writable(folder).map_err(|error| AppError::file("write", folder, &error))
}

/// Makes the folder of [`SECRET_FILE`], for the owner alone.
pub fn make_secret_folder() -> Result<(), AppError> {
    let folder = folder_of(Path::new(SECRET_FILE));
    private::make_folder(folder).map_err(|error| AppError::file("make", folder, &error))
}

fn keep_new_secret(file: &Path) -> Result<Zeroizing<String>, AppError> {
    let secret = new_secret().map_err(AppError::internal)?;
    make_secret_folder()?;
    write_secret(file, &secret)?;
    Ok(secret)
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
