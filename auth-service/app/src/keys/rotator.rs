//! Rotations and revocations by a command, a route, or the schedule. Files and records change in an
//! order in which a crash in between leaves one key that signs.

use signet_contract::jwks::MAX_KEYS;
use time::OffsetDateTime;

use crate::error::{AppError, Conflict, Entity};
use auth_crypto::signing::{FileError, KeyBits, KeyFiles, PairError, Spares};
use auth_domain::audit::Act;
use auth_domain::keys::{Key, KeyPolicy, KeyState, Revocation, Rotated, next_to_leave};
use auth_store::Store;

/// The number of tries to take a spare pair, if other rotations take the same one first.
const TRIES: u32 = 4;

/// Changes which key signs.
#[derive(Debug, Clone)]
pub struct Rotator {
    files: KeyFiles,
    spares: Spares,
    policy: KeyPolicy,
}

/// A key that was revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// The feed position of the revocation.
    pub seq: u64,
    /// The key that signs now.
    pub active: String,
}

impl Rotator {
    /// Creates a rotator that makes new keys of this size.
    pub fn new(files: KeyFiles, bits: KeyBits, policy: KeyPolicy) -> Self {
        Self { spares: Spares::new(files.clone(), bits), files, policy }
    }

    /// Returns the durations of the steps of a key's life.
    pub fn policy(&self) -> &KeyPolicy {
        &self.policy
    }

    /// Returns the files of the keys.
    pub(super) fn files(&self) -> &KeyFiles {
        &self.files
    }

    /// Makes a spare pair if there is none; returns true if it did. It blocks for seconds.
    pub fn ensure_spare(&self, known: &[Key]) -> Result<bool, PairError> {
        self.spares.ensure(known)
    }

    /// Makes the pair for the next rotation, if there is none yet. If this fails or takes too long,
    /// no rotation begins, and so none is done later.
    pub fn prepare(&self, known: &[Key]) -> Result<(), AppError> {
        if needs_pair(known) {
            self.spares.ensure(known)?;
        }
        Ok(())
    }

    /// Publishes the next key, or makes it active at once; see [`Store::rotate`]. Returns the key
    /// that signs next, or already.
    ///
    /// # Errors
    ///
    /// [`Conflict::KeySetFull`] if the key set holds as many keys as it may.
    pub fn rotate_keys(&self, store: &Store, immediate: bool, act: &Act) -> Result<Key, AppError> {
        for _ in 0..TRIES {
            let known = store.list_keys()?;
            let next = if needs_pair(&known) { Some(self.next(&known)?) } else { None };
            match store.rotate(next.as_ref(), immediate, act)? {
                Rotated::To(key) => return Ok(key),
                Rotated::Full => return Err(self.full(&known)),
                Rotated::OtherNeeded => {}
            }
        }
        Err(too_many_rotations())
    }

    /// Revokes a key and removes its file; see [`Store::revoke_key`].
    pub fn revoke_key(&self, store: &Store, kid: &str, act: &Act) -> Result<Revoked, AppError> {
        for _ in 0..TRIES {
            let known = store.list_keys()?;
            let signs = |key: &Key| key.kid == kid && key.state == KeyState::Active;
            let successor = self.successor(&known, kid);
            let needed = successor.is_none() && known.iter().any(signs);
            let next = if needed { Some(self.next(&known)?) } else { None };
            match store.revoke_key(kid, successor, next.as_ref(), act)? {
                Revocation::Done { seq, active } => {
                    self.files.forget(kid)?;
                    return Ok(Revoked { seq, active });
                }
                Revocation::Unknown => return Err(AppError::not_found(Entity::Key, kid)),
                Revocation::OtherNeeded => {}
            }
        }
        Err(too_many_rotations())
    }

    /// Makes a pending key the active one; returns `false` if it is neither. A key without a good
    /// file never signs: the previous one goes on.
    pub fn activate_key(&self, store: &Store, kid: &str, act: &Act) -> Result<bool, AppError> {
        self.files.read(kid)?;
        Ok(store.activate_key(kid, act)?)
    }

    /// Removes a retiring key from the key set, then its file; `false` if it is not retiring.
    pub fn retire_key(&self, store: &Store, kid: &str, act: &Act) -> Result<bool, AppError> {
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

    /// Returns the conflict of a full key set.
    pub(super) fn full(&self, known: &[Key]) -> AppError {
        let next_leaves_at = next_to_leave(known, &self.policy);
        AppError::Conflict(Conflict::KeySetFull { next_leaves_at })
    }

    fn next(&self, known: &[Key]) -> Result<Key, AppError> {
        let public = self.spares.take(known)?.public();
        Ok(Key::fresh(public.kid, public.n, public.e, OffsetDateTime::UNIX_EPOCH))
    }

    /// Returns the pending key that takes over: the one published first that has a good file.
    fn successor<'a>(&self, known: &'a [Key], revoked: &str) -> Option<&'a str> {
        known
            .iter()
            .filter(|key| key.state == KeyState::Pending && key.kid != revoked)
            .find(|key| self.files.read(&key.kid).is_ok())
            .map(|key| key.kid.as_str())
    }
}

fn too_many_rotations() -> AppError {
    AppError::Unavailable("other rotations took each new key pair; try again".into())
}

/// Returns true if a rotation takes a new pair: no key is pending, and the key set has room.
fn needs_pair(known: &[Key]) -> bool {
    let pending = known.iter().any(|key| key.state == KeyState::Pending);
    let full = known.iter().filter(|key| key.state.published()).count() >= MAX_KEYS;
    !pending && !full
}
