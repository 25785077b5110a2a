//! The keys as requests use them: the signer and the published set, always changed together.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use signet_contract::claims::Claims;

use super::key_files::{FileError, KeyFiles};
use super::published::PublishedSet;
use super::signer::{Signer, SigningError};
use auth_domain::keys::{Key, KeyPolicy, KeyState, active};

/// The keys in use. Reading takes no lock.
pub struct KeyRing {
    files: KeyFiles,
    policy: KeyPolicy,
    held: ArcSwap<Held>,
    /// Held while the keys change, so that changes happen one after the other.
    changing: Mutex<()>,
}

struct Held {
    keys: Vec<Key>,
    signer: Arc<Signer>,
    /// True if the signer's key was revoked, and its successor has no good file.
    void: bool,
    published: Arc<PublishedSet>,
}

/// A change of the ring in progress. No other change begins before it is dropped.
pub struct RingChange<'r> {
    ring: &'r KeyRing,
    _alone: MutexGuard<'r, ()>,
}

impl RingChange<'_> {
    /// Takes over these records; returns true if anything changed.
    ///
    /// # Errors
    ///
    /// The new active key has no good file. The ring then stays as it was: it still publishes the
    /// key that it signs with. If that key is revoked, nothing signs.
    pub fn take_over(&self, keys: Vec<Key>) -> Result<bool, RingError> {
        let ring = self.ring;
        let before = ring.held.load_full();
        if before.keys == keys && !before.void {
            return Ok(false);
        }
        let revoked =
            |kid: &str| keys.iter().any(|key| key.kid == kid && key.state == KeyState::Revoked);
        match hold(&ring.files, keys.clone(), &ring.policy, Some(&before.signer)) {
            Ok(after) => ring.held.store(Arc::new(after)),
            Err(error) => {
                if revoked(before.signer.kid()) {
                    let published = Arc::new(PublishedSet::of(&keys, &ring.policy));
                    let signer = before.signer.clone();
                    ring.held.store(Arc::new(Held { keys, signer, void: true, published }));
                }
                return Err(error);
            }
        }
        Ok(true)
    }
}

/// The reason for which the keys can't be used.
#[derive(Debug, thiserror::Error)]
pub enum RingError {
    /// The database has no active key.
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
    /// Opens the ring with these keys.
    pub fn open(files: KeyFiles, keys: Vec<Key>, policy: KeyPolicy) -> Result<Self, RingError> {
        let held = hold(&files, keys, &policy, None)?;
        Ok(Self { files, policy, held: ArcSwap::from_pointee(held), changing: Mutex::new(()) })
    }

    /// Waits until no other change of the ring is in progress, and begins one. The caller reads the
    /// keys during the change, so that an older reading never replaces a newer one.
    pub fn begin_change(&self) -> RingChange<'_> {
        let alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        RingChange { ring: self, _alone: alone }
    }

    /// Signs with the active key.
    pub fn sign(&self, claims: &Claims) -> Result<String, SigningError> {
        let held = self.held.load();
        if held.void { Err(SigningError) } else { held.signer.sign(claims) }
    }

    /// Returns true if nothing signs: the active key was revoked, and its successor has no good file.
    pub fn is_void(&self) -> bool {
        self.held.load().void
    }

    /// Returns the state of a key, as the ring follows it.
    pub fn state(&self, kid: &str) -> Option<KeyState> {
        self.held.load().keys.iter().find(|key| key.kid == kid).map(|key| key.state)
    }

    /// Returns the key set to serve, and to verify the issuer's own tokens with.
    pub fn key_set(&self) -> Arc<PublishedSet> {
        self.held.load().published.clone()
    }

    /// Returns the key that signs.
    pub fn signer(&self) -> Arc<Signer> {
        self.held.load().signer.clone()
    }

    /// Returns the keys' records that the ring follows.
    pub fn keys(&self) -> Vec<Key> {
        self.held.load().keys.clone()
    }

    /// Returns the policy that the ring was opened with.
    pub fn policy(&self) -> KeyPolicy {
        self.policy
    }

    /// Returns the files of the keys.
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
    let active = active(&keys).ok_or(RingError::NoneActive)?;
    let signer = match current {
        Some(signer) if signer.kid() == active.kid => signer.clone(),
        _ => Arc::new(Signer::new(files.read(&active.kid)?)),
    };
    let published = Arc::new(PublishedSet::of(&keys, policy));
    Ok(Held { keys, signer, void: false, published })
}
