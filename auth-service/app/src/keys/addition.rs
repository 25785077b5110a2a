//! New keys: made here, or imported from a file.

use std::path::Path;

use super::Rotator;
use crate::error::AppError;
use auth_crypto::signing::{KeyBits, PrivateKey, generate, key_files};
use auth_domain::audit::Act;
use auth_domain::keys::{Activation, Added, Key, KeyState};
use auth_store::Store;

/// The result of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Imported {
    /// The key is new.
    New(Key),
    /// The key was known, and its state stays.
    Known(KeyState),
    /// The key was known and pending. It signs from now on.
    Activated,
}

/// Reads an operator's private key from a PEM file (PKCS#1 or PKCS#8, not encrypted).
pub fn read_key_file(path: &Path) -> Result<PrivateKey, AppError> {
    Ok(key_files::read_key(path)?)
}

impl Rotator {
    /// Makes a key of this size. It signs after its lead, or at once if no key is active. It blocks
    /// for seconds.
    ///
    /// # Errors
    ///
    /// [`Conflict::KeySetFull`](crate::error::Conflict::KeySetFull) if the key set holds as many
    /// keys as it may.
    pub fn generate_key(&self, store: &Store, bits: KeyBits, act: &Act) -> Result<Key, AppError> {
        self.add(store, &generate(bits)?, Activation::Planned, act)
    }

    /// Imports a key. It signs after its lead, or at once with `activate` or if no key has signed
    /// yet.
    ///
    /// The file of a known key is written again, in case it was lost. The state of a known key
    /// changes only with `activate`, and never back.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] for a known key that never signs again, and
    /// [`Conflict::KeySetFull`](crate::error::Conflict::KeySetFull) if the key set holds as many
    /// keys as it may.
    pub fn import_key(
        &self,
        store: &Store,
        key: &PrivateKey,
        activate: bool,
        act: &Act,
    ) -> Result<Imported, AppError> {
        let kid = key.kid();
        let known = store.list_keys()?.into_iter().find(|known| known.kid == kid);
        match known.map(|known| known.state) {
            None => {
                let activation =
                    if activate { Activation::AtOnce } else { Activation::AtOnceIfUnused };
                self.add(store, key, activation, act).map(Imported::New)
            }
            Some(state @ (KeyState::Pending | KeyState::Active)) => {
                self.files().keep(key)?;
                if activate && state == KeyState::Pending {
                    self.activate_key(store, kid, act)?;
                    return Ok(Imported::Activated);
                }
                Ok(Imported::Known(state))
            }
            Some(state) => {
                let state = state.word();
                let why =
                    format!("{kid} is known and {state}: it never signs again; make a new one");
                Err(AppError::invalid("key", why))
            }
        }
    }

    /// Writes the file first, so that every published key has its private key.
    fn add(
        &self,
        store: &Store,
        key: &PrivateKey,
        activation: Activation,
        act: &Act,
    ) -> Result<Key, AppError> {
        self.files().keep(key)?;
        let public = key.public();
        let fresh = Key::fresh(public.kid, public.n, public.e, act.at);
        match store.add_key(&fresh, activation, act)? {
            Added::New(key) | Added::Known(key) => Ok(key),
            Added::Full => {
                self.files().forget(&fresh.kid)?;
                Err(self.full(&store.list_keys()?))
            }
        }
    }
}
