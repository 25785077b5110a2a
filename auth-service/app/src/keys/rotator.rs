//! Changes of the keys by a command, a route, or the schedule. Files and records change in an order
//! in which a crash in between leaves one key that signs.

use time::OffsetDateTime;

use crate::error::{AppError, Conflict, Entity};
use auth_crypto::signing::{FileError, FolderLock, KeyBits, KeyFiles, PrivateKey, generate};
use auth_domain::audit::Act;
use auth_domain::guards::Guard;
use auth_domain::keys::{
    Added, Addition, Key, KeyPolicy, KeyState, Revocation, Rotated, RotationRequest, Timers,
    is_ripe, needs_standby, next_to_leave, standby,
};
use auth_store::Store;

/// The number of tries of a change, if other processes change the standby key meanwhile.
const TRIES: u32 = 4;

/// Changes which key signs.
#[derive(Debug, Clone)]
pub struct Rotator {
    files: KeyFiles,
    bits: KeyBits,
    policy: KeyPolicy,
}

/// The keys that one revocation voided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// The thumbprints of the void keys.
    pub kids: Vec<String>,
    /// The feed position of the revocation.
    pub seq: u64,
    /// The key that signs now.
    pub active: String,
}

impl Rotator {
    /// Creates a rotator that makes new keys of this size.
    pub fn new(files: KeyFiles, bits: KeyBits, policy: KeyPolicy) -> Self {
        Self { files, bits, policy }
    }

    /// Returns the durations of the steps of a key's life.
    pub fn policy(&self) -> &KeyPolicy {
        &self.policy
    }

    /// Returns the files of the keys.
    pub fn files(&self) -> &KeyFiles {
        &self.files
    }

    /// Publishes a standby key if there is none, or if its file was lost. Returns the new key. It
    /// blocks for seconds while it makes the pair.
    ///
    /// Without the file of the active key, this folder is not the one that the server signs with,
    /// and nothing is made.
    ///
    /// # Errors
    ///
    /// The folder can't be read or written, or no pair can be made.
    pub fn make_standby(&self, store: &Store, act: &Act) -> Result<Option<Key>, AppError> {
        self.make_standby_in(&self.files.lock()?, store, act)
    }

    pub(crate) fn make_standby_in(
        &self,
        lock: &FolderLock,
        store: &Store,
        act: &Act,
    ) -> Result<Option<Key>, AppError> {
        let known = store.list_keys()?;
        let active = known.iter().find(|key| key.state == KeyState::Active);
        if !active.is_some_and(|key| self.files.holds(&key.kid)) {
            return Ok(None);
        }
        let addition = match standby(&known) {
            Some(key) if self.files.holds(&key.kid) => return Ok(None),
            Some(_) => Addition::Generated,
            None if needs_standby(&known) => Addition::Standby,
            None => return Ok(None),
        };
        self.add(lock, store, &self.pair(&known)?, addition, act)
    }

    /// Returns a pair without a record: one of a process that ended before it added it, or a new one.
    fn pair(&self, known: &[Key]) -> Result<PrivateKey, AppError> {
        let unpublished = self.files.unpublished(known)?;
        let fit = unpublished.into_iter().find(|pair| pair.bits() == self.bits as usize);
        Ok(fit.map_or_else(|| generate(self.bits), Ok)?)
    }

    /// Returns true if [`make_standby`](Self::make_standby) has work to do.
    pub fn lacks_standby(&self, known: &[Key]) -> bool {
        needs_standby(known) || standby(known).is_some_and(|key| !self.files.holds(&key.kid))
    }

    /// Adds a key. The file comes first, so that every published key has its private key. Returns the
    /// new key; `None` if nothing changed.
    pub(super) fn add(
        &self,
        _lock: &FolderLock,
        store: &Store,
        pair: &PrivateKey,
        addition: Addition,
        act: &Act,
    ) -> Result<Option<Key>, AppError> {
        self.files.keep(pair)?;
        match store.add_key(&record(pair), addition, act)? {
            Added::New { key, replaced } => {
                replaced.iter().try_for_each(|kid| self.files.forget(kid))?;
                Ok(Some(key))
            }
            Added::Nothing => Ok(None),
            Added::Full => {
                self.files.forget(pair.kid())?;
                Err(self.full(&store.list_keys()?))
            }
        }
    }

    /// Makes the standby key active if it is ripe, or with `immediate`; otherwise schedules that.
    /// Returns the standby key. `guards` and `timers` decide if it is ripe.
    ///
    /// # Errors
    ///
    /// [`Conflict::KeySetFull`] if the key set has no room for the next standby key.
    pub fn rotate_keys(
        &self,
        store: &Store,
        guards: &[Guard],
        timers: &Timers,
        immediate: bool,
        act: &Act,
    ) -> Result<Key, AppError> {
        for _ in 0..TRIES {
            let known = store.list_keys()?;
            let Some(standby) = standby(&known) else {
                if !needs_standby(&known) {
                    return Err(self.full(&known));
                }
                if self.make_standby(store, act)?.is_none() {
                    let active = known.iter().find(|key| key.state == KeyState::Active);
                    active.map(|key| self.files.read(&key.kid)).transpose()?;
                }
                continue;
            };
            let request = if immediate {
                RotationRequest::Immediate
            } else if is_ripe(standby, guards, &self.policy, act.at, timers) {
                RotationRequest::Ripe
            } else {
                RotationRequest::Scheduled
            };
            // A key without a good file never signs.
            self.files.read(&standby.kid)?;
            match store.rotate(&standby.kid, request, act)? {
                Rotated::To(key) => return Ok(key),
                Rotated::Full => return Err(self.full(&known)),
                Rotated::StandbyChanged => {}
            }
        }
        Err(too_many_changes())
    }

    /// Revokes a key and removes its file; see [`Store::revoke_key`].
    ///
    /// # Errors
    ///
    /// [`Entity::Key`] is not found.
    pub fn revoke_key(&self, store: &Store, kid: &str, act: &Act) -> Result<Revoked, AppError> {
        let mut next = None;
        for _ in 0..TRIES {
            let known = store.list_keys()?;
            let usable = |key: &&Key| key.kid != kid && self.files.read(&key.kid).is_ok();
            let successor = standby(&known).filter(usable).map(|key| &*key.kid);
            match store.revoke_key(kid, successor, next.as_ref(), act)? {
                Revocation::Done { kids, seq, active } => {
                    self.files.forget(kid)?;
                    return Ok(Revoked { kids, seq, active });
                }
                Revocation::Unknown => return Err(AppError::not_found(Entity::Key, kid)),
                Revocation::OtherNeeded => {
                    // A process that makes a standby key has the lock.
                    let _lock = self.files.lock()?;
                    let pair = self.pair(&store.list_keys()?)?;
                    self.files.keep(&pair)?;
                    next = Some(record(&pair));
                }
            }
        }
        Err(too_many_changes())
    }

    /// Revokes every published key and deletes every pair of the folder: for a stolen folder,
    /// database or machine. A pair that is made now signs. It blocks for seconds.
    ///
    /// # Errors
    ///
    /// No pair can be made, or the folder can't be written. Then nothing is revoked.
    pub fn revoke_all_keys(&self, store: &Store, act: &Act) -> Result<Revoked, AppError> {
        // No other process publishes a pair that was made before.
        let _lock = self.files.lock()?;
        let unpublished = self.files.unpublished(&store.list_keys()?)?;
        unpublished.iter().try_for_each(|pair| self.files.forget(pair.kid()))?;
        let pair = generate(self.bits)?;
        self.files.keep(&pair)?;
        let Revocation::Done { kids, seq, active } = store.revoke_all_keys(&record(&pair), act)?
        else {
            return Err(too_many_changes());
        };
        kids.iter().try_for_each(|kid| self.files.forget(kid))?;
        Ok(Revoked { kids, seq, active })
    }

    /// Makes the standby key the active one; returns `false` if the key is neither. A key without a
    /// good file never signs: the previous one goes on.
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
    fn full(&self, known: &[Key]) -> AppError {
        let next_leaves_at = next_to_leave(known, &self.policy);
        AppError::Conflict(Conflict::KeySetFull { next_leaves_at })
    }
}

/// Returns the record of a new pair. Its times come with its addition.
fn record(pair: &PrivateKey) -> Key {
    let public = pair.public();
    Key::fresh(public.kid, public.n, public.e, OffsetDateTime::UNIX_EPOCH)
}

fn too_many_changes() -> AppError {
    AppError::Unavailable("other processes change the keys; try again".into())
}
