//! Rotations and revocations by a command, a route, or the schedule. Files and records change in an
//! order in which a crash in between leaves one key that signs.

use signet_contract::jwks::MAX_KEYS;
use time::OffsetDateTime;

use super::key_files::{FileError, KeyFiles};
use super::private_key::PrivateKey;
use super::signer::SigningError;
use super::spares::Spares;
use crate::signing::KeyBits;
use auth_domain::audit::Act;
use auth_domain::error::StoreError;
use auth_domain::keys::{Key, KeyState, KeyStore, Revocation, Rotated};

/// The number of tries to take a spare pair, if other rotations take the same one first.
const TRIES: u32 = 4;

/// The reason for which nothing was changed, or the result is unknown.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// The database can't be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder of the keys can't be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// No key pair could be made.
    #[error("a key pair could not be made")]
    Generation(#[from] SigningError),
    /// Other rotations took each spare pair first.
    #[error("too many rotations at once; try again")]
    Contended,
}

/// Changes which key signs.
#[derive(Debug, Clone)]
pub struct Rotator {
    files: KeyFiles,
    spares: Spares,
}

impl Rotator {
    /// Creates a rotator that makes new keys of this size.
    pub fn new(files: KeyFiles, bits: KeyBits) -> Self {
        Self { spares: Spares::new(files.clone(), bits), files }
    }

    /// Returns the pairs that come next.
    pub fn spares(&self) -> &Spares {
        &self.spares
    }

    /// Makes the pair for the next rotation, if there is none yet. If this fails or takes too long,
    /// no rotation begins, and so none is done later.
    pub fn prepare(&self, known: &[Key]) -> Result<(), RotationError> {
        if needs_pair(known) { self.spares.ensure(known).map(drop) } else { Ok(()) }
    }

    /// Publishes the next key, or makes it active at once; see [`KeyStore::rotate`].
    pub fn rotate(
        &self,
        store: &dyn KeyStore,
        immediate: bool,
        act: &Act,
    ) -> Result<Rotated, RotationError> {
        for _ in 0..TRIES {
            let known = store.list_keys()?;
            let next = if needs_pair(&known) { Some(self.next(&known)?) } else { None };
            match store.rotate(next.as_ref(), immediate, act)? {
                Rotated::OtherNeeded => {}
                done => return Ok(done),
            }
        }
        Err(RotationError::Contended)
    }

    /// Revokes a key and removes its file; see [`KeyStore::revoke_key`].
    pub fn revoke(
        &self,
        store: &dyn KeyStore,
        kid: &str,
        act: &Act,
    ) -> Result<Revocation, RotationError> {
        for _ in 0..TRIES {
            let known = store.list_keys()?;
            let signs = |key: &Key| key.kid == kid && key.state == KeyState::Active;
            let heir = self.heir(&known, kid);
            let needed = heir.is_none() && known.iter().any(signs);
            let next = if needed { Some(self.next(&known)?) } else { None };
            match store.revoke_key(kid, heir, next.as_ref(), act)? {
                Revocation::OtherNeeded => {}
                Revocation::Unknown => return Ok(Revocation::Unknown),
                done @ Revocation::Done { .. } => {
                    self.files.forget(kid)?;
                    return Ok(done);
                }
            }
        }
        Err(RotationError::Contended)
    }

    /// Makes a pending key the active one; returns `false` if it is neither. A key without a good
    /// file never signs: the previous one goes on.
    pub fn activate(
        &self,
        store: &dyn KeyStore,
        kid: &str,
        act: &Act,
    ) -> Result<bool, RotationError> {
        self.files.read(kid)?;
        Ok(store.activate_key(kid, act)?)
    }

    /// Removes a retiring key from the key set, then its file; `false` if it is not retiring.
    pub fn retire(
        &self,
        store: &dyn KeyStore,
        kid: &str,
        act: &Act,
    ) -> Result<bool, RotationError> {
        let retired = store.retire_key(kid, act)?;
        if retired {
            self.files.forget(kid)?;
        }
        Ok(retired)
    }

    /// Removes the files of keys that never sign again, and files half written: a crash may have
    /// left them.
    pub fn sweep(&self, known: &[Key]) -> Result<(), FileError> {
        let gone = |key: &&Key| matches!(key.state, KeyState::Retired | KeyState::Revoked);
        self.files.remove_abandoned()?;
        let mut gone = known.iter().filter(gone);
        gone.try_for_each(|key| self.files.forget(&key.kid))
    }

    fn next(&self, known: &[Key]) -> Result<Key, RotationError> {
        let spare: PrivateKey = self.spares.take(known)?;
        let public = spare.public();
        Ok(Key::fresh(public.kid, public.n, public.e, OffsetDateTime::UNIX_EPOCH))
    }

    /// Returns the pending key that takes over: the one published first that has a good file.
    fn heir<'a>(&self, known: &'a [Key], revoked: &str) -> Option<&'a str> {
        known
            .iter()
            .filter(|key| key.state == KeyState::Pending && key.kid != revoked)
            .find(|key| self.files.read(&key.kid).is_ok())
            .map(|key| key.kid.as_str())
    }
}

/// Returns true if a rotation takes a new pair: no key is pending, and the key set has room.
fn needs_pair(known: &[Key]) -> bool {
    let pending = known.iter().any(|key| key.state == KeyState::Pending);
    let full = known.iter().filter(|key| key.state.published()).count() >= MAX_KEYS;
    !pending && !full
}
