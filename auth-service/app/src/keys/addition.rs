//! New keys: made here, or imported from a file.

use std::path::Path;

use super::Rotator;
use crate::error::AppError;
use auth_crypto::signing::{FolderLock, KeyBits, PrivateKey, generate, key_files};
use auth_domain::audit::Act;
use auth_domain::keys::{Addition, Key, KeyState};
use auth_store::Store;

/// The result of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Imported {
    /// The key is new.
    New(Key),
    /// The key was known, and its state stays.
    Known(KeyState),
    /// The key was the standby key. It signs from now on.
    Activated,
}

/// Reads an operator's private key from a PEM file (PKCS#1 or PKCS#8, not encrypted).
pub fn read_key_file(path: &Path) -> Result<PrivateKey, AppError> {
    Ok(key_files::read_key(path)?)
}

impl Rotator {
    /// Makes a key of this size. It is the standby key, in place of the one that is there, or signs
    /// at once if no key is active. It blocks for seconds.
    ///
    /// # Errors
    ///
    /// [`Conflict::KeySetFull`](crate::error::Conflict::KeySetFull) if there is no standby key, and
    /// the key set holds as many keys as it may.
    pub fn generate_key(&self, store: &Store, bits: KeyBits, act: &Act) -> Result<Key, AppError> {
        self.generate_key_in(&self.files().lock()?, store, bits, act)
    }

    pub(crate) fn generate_key_in(
        &self,
        lock: &FolderLock,
        store: &Store,
        bits: KeyBits,
        act: &Act,
    ) -> Result<Key, AppError> {
        self.check_folder(&store.list_keys()?)?;
        let added = self.add(lock, store, &generate(bits)?, Addition::Generated, act)?;
        added.ok_or_else(|| AppError::internal("the new key is known already"))
    }

    /// Imports a key. It is the standby key, in place of the one that is there. It signs at once with
    /// `activate`, or if no key has signed yet; then the standby key stays.
    ///
    /// The file of a published key is written again, in case it was lost. The state of a known key
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
        let lock = self.files().lock()?;
        let kid = key.kid();
        let known = store.list_keys()?;
        let Some(state) = known.iter().find(|known| known.kid == kid).map(|known| known.state)
        else {
            self.check_folder(&known)?;
            let addition = if activate { Addition::Activated } else { Addition::Imported };
            let added = self.add(&lock, store, key, addition, act)?;
            let added = added.ok_or_else(|| AppError::internal("the key is known by now"))?;
            return Ok(Imported::New(added));
        };
        if !state.published() || (activate && state == KeyState::Retiring) {
            let state = state.word();
            let why = format!("{kid} is known and {state}: it never signs again; make a new one");
            return Err(AppError::invalid("key", why));
        }
        self.files().keep(key)?;
        if activate && state == KeyState::Pending {
            self.activate_key(store, kid, act)?;
            return Ok(Imported::Activated);
        }
        Ok(Imported::Known(state))
    }
}
