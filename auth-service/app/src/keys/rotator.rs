//! Changes of the keys by a command, a route, or the schedule. Files and records change in an order
//! in which a crash in between leaves one key that signs.

use std::thread::park_timeout;
use std::time::{Duration, Instant};

use time::OffsetDateTime;

use crate::error::{AppError, Conflict, Entity};
use auth_crypto::signing::{FileError, FolderLock, KeyBits, KeyFiles, PrivateKey, generate};
use auth_domain::audit::Act;
use auth_domain::guards::Guard;
use auth_domain::keys::{
    Added, Addition, Key, KeyPolicy, KeyState, Revocation, Rotated, RotationRequest, Timers,
    active, is_ripe, needs_standby, next_to_leave, standby,
};
use auth_store::Store;

/// The number of tries of a change, if other processes change the standby key meanwhile.
const TRIES: u32 = 4;

/// The longest wait for the lock of the folder in an emergency. A holder needs milliseconds.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);

/// The time between two tries to get the lock.
const LOCK_INTERVAL: Duration = Duration::from_millis(10);

/// Changes which key signs.
#[derive(Debug, Clone)]
pub struct Rotator {
    files: KeyFiles,
    bits: KeyBits,
    policy: KeyPolicy,
}

/// The pair of a standby key that is not published yet.
pub(super) struct Prepared {
    /// The thumbprint of the active key at that time.
    active: Option<String>,
    pair: PrivateKey,
}

/// The result of publishing a prepared pair.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Publication {
    /// The new standby key; `None` if there is one already.
    Done(Option<Key>),
    /// Another key is active by now. A revocation of all keys voids the pairs that were made before.
    Outdated,
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
    /// True if the key that signs now was made in a folder without the file of the active key. The
    /// server may have another folder.
    pub elsewhere: bool,
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

    /// Publishes a standby key if there is none, or if its file is not usable. Returns the new key. It
    /// blocks for seconds while it makes the pair.
    ///
    /// Without the file of the active key, this folder is not the one that the server signs with,
    /// and nothing is made.
    ///
    /// # Errors
    ///
    /// The folder can't be read or written, or no pair can be made.
    pub fn make_standby(&self, store: &Store, act: &Act) -> Result<Option<Key>, AppError> {
        for _ in 0..TRIES {
            let Some(prepared) = self.prepare_standby(store)? else { return Ok(None) };
            match self.publish_standby(store, &prepared, act)? {
                Publication::Done(made) => return Ok(made),
                Publication::Outdated => {}
            }
        }
        Err(too_many_changes())
    }

    /// Makes the pair of a standby key before the lock, for which a revocation waits; `None` if no
    /// standby key is needed, or none can be made here.
    pub(super) fn prepare_standby(&self, store: &Store) -> Result<Option<Prepared>, AppError> {
        let known = store.list_keys()?;
        if self.standby_addition(&known).is_none() {
            return Ok(None);
        }
        let active = active(&known).map(|key| key.kid.clone());
        Ok(Some(Prepared { active, pair: self.pair(&known)? }))
    }

    /// Publishes a prepared pair, unless another process published one meanwhile.
    pub(super) fn publish_standby(
        &self,
        store: &Store,
        prepared: &Prepared,
        act: &Act,
    ) -> Result<Publication, AppError> {
        let lock = self.files.lock()?;
        let known = store.list_keys()?;
        if active(&known).map(|key| &key.kid) != prepared.active.as_ref() {
            return Ok(Publication::Outdated);
        }
        let made = match self.standby_addition(&known) {
            Some(addition) => self.add(&lock, store, &prepared.pair, addition, act)?,
            None => None,
        };
        Ok(Publication::Done(made))
    }

    /// Does the work of [`make_standby`](Self::make_standby) for a holder of the lock.
    pub(crate) fn make_standby_in(
        &self,
        lock: &FolderLock,
        store: &Store,
        act: &Act,
    ) -> Result<Option<Key>, AppError> {
        let known = store.list_keys()?;
        match self.standby_addition(&known) {
            Some(addition) => self.add(lock, store, &self.pair(&known)?, addition, act),
            None => Ok(None),
        }
    }

    /// Returns true if [`make_standby`](Self::make_standby) has work to do, by a quick look: it does
    /// not read the file of the standby key.
    pub fn lacks_standby(&self, known: &[Key]) -> bool {
        needs_standby(known) || standby(known).is_some_and(|key| !self.files.holds(&key.kid))
    }

    /// Returns the kind of addition that makes a standby key; `None` if none is needed, or none can be
    /// made here.
    fn standby_addition(&self, known: &[Key]) -> Option<Addition> {
        if !self.has_active_file(known) {
            return None;
        }
        match standby(known) {
            Some(key) => self.is_unusable(&key.kid).then_some(Addition::Generated),
            None => needs_standby(known).then_some(Addition::Standby),
        }
    }

    /// Returns true if the folder has the file of the active key: the server signs with this folder.
    pub(super) fn has_active_file(&self, known: &[Key]) -> bool {
        active(known).is_some_and(|key| self.files.holds(&key.kid))
    }

    /// Returns true if a key can't sign with its file. An error of the file system may pass.
    fn is_unusable(&self, kid: &str) -> bool {
        !matches!(self.files.read(kid), Ok(_) | Err(FileError::Io(..)))
    }

    /// Returns a pair without a record: one of a process that ended before it added it, or a new one.
    fn pair(&self, known: &[Key]) -> Result<PrivateKey, AppError> {
        let unpublished = self.files.unpublished(known)?;
        let mut pairs = unpublished.iter().filter_map(|kid| self.files.read(kid).ok());
        let fit = pairs.find(|pair| pair.bits() == self.bits as usize);
        Ok(fit.map_or_else(|| generate(self.bits), Ok)?)
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
                self.forget(replaced.iter());
                Ok(Some(key))
            }
            Added::Nothing => Ok(None),
            Added::Full => {
                self.files.forget(pair.kid())?;
                Err(self.full(&store.list_keys()?))
            }
        }
    }

    /// Removes the files of keys that never sign again. A file that can't be removed is logged: the
    /// change is made, and the next start tries again.
    fn forget<'k>(&self, kids: impl IntoIterator<Item = &'k String>) {
        for kid in kids {
            if let Err(error) = self.files.forget(kid) {
                tracing::error!(%kid, %error, "the file of a key that never signs again is left");
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
            // A key without a good file never signs: another one replaces it.
            self.make_standby(store, act)?;
            let known = store.list_keys()?;
            let Some(standby) = standby(&known) else {
                if !needs_standby(&known) {
                    return Err(self.full(&known));
                }
                self.check_folder(&known)?;
                continue;
            };
            self.files.read(&standby.kid)?;
            let request = if immediate {
                RotationRequest::Immediate
            } else if is_ripe(standby, guards, &self.policy, act.at, timers) {
                RotationRequest::Ripe
            } else {
                RotationRequest::Scheduled
            };
            match store.rotate(&standby.kid, request, act)? {
                Rotated::To(key) => return Ok(key),
                Rotated::Full => return Err(self.full(&known)),
                Rotated::StandbyChanged => {}
            }
        }
        Err(too_many_changes())
    }

    /// Checks that a new key comes into the folder that the server signs with.
    pub(super) fn check_folder(&self, known: &[Key]) -> Result<(), AppError> {
        let Some(active) = active(known) else { return Ok(()) };
        if self.files.holds(&active.kid) {
            return Ok(());
        }
        let (folder, kid) = (self.files.folder().display(), &active.kid);
        Err(AppError::internal(format_args!(
            "{folder} does not have the file of the active key {kid}: set AUTH_KEYS_DIR to the folder of \
             the server, or put the file there"
        )))
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
            // In another folder than the server's, the files show nothing.
            let elsewhere = !self.has_active_file(&known);
            let usable = |key: &&Key| {
                key.kid != kid
                    && (self.files.read(&key.kid).is_ok()
                        || elsewhere && !self.files.holds(&key.kid))
            };
            let successor = standby(&known).filter(usable).map(|key| &*key.kid);
            match store.revoke_key(kid, successor, next.as_ref(), act)? {
                Revocation::Done { kids, seq, active } => {
                    self.forget(&kids);
                    let made = next.is_some_and(|key| key.kid == active);
                    return Ok(Revoked { kids, seq, active, elsewhere: made && elsewhere });
                }
                Revocation::Unknown => return Err(AppError::not_found(Entity::Key, kid)),
                Revocation::OtherNeeded => {
                    let pair = self.pair(&known)?;
                    self.files.keep(&pair)?;
                    next = Some(record(&pair));
                }
            }
        }
        Err(too_many_changes())
    }

    /// Revokes every published key and deletes every other pair of the folder: for a stolen folder,
    /// database or machine. A pair that is made now signs. It blocks for seconds.
    ///
    /// # Errors
    ///
    /// No pair can be made, or the folder can't be written. Then nothing is revoked.
    pub fn revoke_all_keys(&self, store: &Store, act: &Act) -> Result<Revoked, AppError> {
        let pair = generate(self.bits)?;
        // The lock keeps other processes from publishing a pair that was made before. A stranger that
        // holds it does not stop the revocation.
        let _lock = self.lock_soon()?;
        let known = store.list_keys()?;
        let elsewhere = !self.has_active_file(&known);
        for kid in self.files.unpublished(&known)? {
            self.files.forget(&kid)?;
        }
        self.files.keep(&pair)?;
        match store.revoke_all_keys(&record(&pair), act)? {
            Revocation::Done { kids, seq, active } => {
                self.forget(&kids);
                Ok(Revoked { kids, seq, active, elsewhere })
            }
            Revocation::Unknown | Revocation::OtherNeeded => Err(too_many_changes()),
        }
    }

    /// Locks the folder within [`LOCK_PATIENCE`]; `None` if another process holds the lock longer.
    fn lock_soon(&self) -> Result<Option<FolderLock>, AppError> {
        let began = Instant::now();
        loop {
            match self.files.try_lock()? {
                None if began.elapsed() < LOCK_PATIENCE => park_timeout(LOCK_INTERVAL),
                lock => return Ok(lock),
            }
        }
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
