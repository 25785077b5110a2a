//! The keys as requests see them: what signs and what is published, always changed together.

use std::fmt;
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use shared::contract::claims::Claims;

use super::key_files::{FileError, KeyFiles};
use super::published::PublishedSet;
use super::signer::{Signer, SigningError};
use crate::domain::keys::{Key, KeyPolicy, KeyState};

/// The keys in use. Reading costs no lock.
pub struct KeyRing {
    files: KeyFiles,
    policy: KeyPolicy,
    held: ArcSwap<Held>,
    /// Held while the keys change, so that two changes do not overtake each other.
    changing: Mutex<()>,
}

struct Held {
    keys: Vec<Key>,
    signer: Arc<Signer>,
    published: Arc<PublishedSet>,
}

/// Why the keys can't be used.
#[derive(Debug, thiserror::Error)]
pub enum RingError {
    /// The database knows no key that signs.
    #[error("no key is active; `auth-service init` makes one")]
    NoneActive,
    /// The key that should sign has no good file.
    #[error(transparent)]
    File(#[from] FileError),
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").field("signer", &self.held.load().signer).finish_non_exhaustive()
    }
}

impl KeyRing {
    /// Takes the keys into use.
    pub fn open(files: KeyFiles, keys: Vec<Key>, policy: KeyPolicy) -> Result<Self, RingError> {
        let held = hold(&files, keys, &policy, None)?;
        Ok(Self { files, policy, held: ArcSwap::from_pointee(held), changing: Mutex::new(()) })
    }

    /// Follows a change of the keys.
    ///
    /// # Errors
    ///
    /// The new active key has no good file. The ring then stays as it was: what it signs with is
    /// what it publishes.
    pub fn reload(&self, keys: Vec<Key>) -> Result<(), RingError> {
        let _changing = self.changing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let before = self.held.load_full();
        if before.keys != keys {
            let after = hold(&self.files, keys, &self.policy, Some(&before.signer))?;
            self.held.store(Arc::new(after));
        }
        Ok(())
    }

    /// Signs with the active key.
    pub fn sign(&self, claims: &Claims) -> Result<String, SigningError> {
        self.held.load().signer.sign(claims)
    }

    /// The key set to serve, and to judge the issuer's own tokens by.
    pub fn key_set(&self) -> Arc<PublishedSet> {
        self.held.load().published.clone()
    }

    /// The key that signs.
    pub fn signer(&self) -> Arc<Signer> {
        self.held.load().signer.clone()
    }

    /// The keys' records that the ring follows.
    pub fn keys(&self) -> Vec<Key> {
        self.held.load().keys.clone()
    }

    /// The policy that the ring was opened with.
    pub fn policy(&self) -> KeyPolicy {
        self.policy
    }

    /// The files of the keys.
    pub fn files(&self) -> &KeyFiles {
        &self.files
    }
}

fn hold(
    files: &KeyFiles,
    keys: Vec<Key>,
    policy: &KeyPolicy,
    current: Option<&Arc<Signer>>,
) -> Result<Held, RingError> {
    let active = keys.iter().find(|key| key.state == KeyState::Active);
    let active = active.ok_or(RingError::NoneActive)?;
    let signer = match current {
        Some(signer) if signer.kid() == active.kid => signer.clone(),
        _ => Arc::new(Signer::new(files.read(&active.kid)?)),
    };
    let published = Arc::new(PublishedSet::of(&keys, policy));
    Ok(Held { keys, signer, published })
}
