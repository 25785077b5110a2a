//! A process that ends at any step of a rotation or a revocation: the next one finds one key that
//! signs, its file, and every key whose tokens live.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};

use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use super::super::{KeyFiles, KeyRing, PrivateKey, Rotator};
use super::material::new_key;
use super::signing::claims;
use crate::domain::audit::Act;
use crate::domain::error::{StoreError, StoreResult};
use crate::domain::keys::{Added, Entry, Key, KeyPolicy, KeyState, KeyStore, Revocation, Rotated};
use crate::settings::KeyBits;
use crate::store::{Database, Existence, Location};

const START: OffsetDateTime = datetime!(2026-01-02 03:04:05 UTC);

const POLICY: KeyPolicy = KeyPolicy {
    jwks_max_age: Duration::seconds(60),
    token_life: Duration::minutes(30),
    rotation_every: None,
    guard_patience: Duration::minutes(5),
};

static PAIRS: LazyLock<[String; 3]> =
    LazyLock::new(|| [(), (), ()].map(|()| new_key().to_pem().to_string()));

/// A database that a process can use for so many steps; the last one is done, but its outcome is
/// not heard of any more.
struct Cut {
    database: Arc<Database>,
    left: AtomicU32,
    heard: bool,
}

impl Cut {
    fn step<T>(&self, work: impl FnOnce() -> StoreResult<T>) -> StoreResult<T> {
        let ended = || StoreError::Unavailable("the process ended".into());
        match self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
        {
            Err(_) => Err(ended()),
            Ok(1) if !self.heard => work().and_then(|_| Err(ended())),
            Ok(_) => work(),
        }
    }
}

impl KeyStore for Cut {
    fn list_keys(&self) -> StoreResult<Vec<Key>> {
        self.step(|| self.database.list_keys())
    }

    fn add_key(&self, key: &Key, entry: Entry, act: &Act) -> StoreResult<Added> {
        self.step(|| self.database.add_key(key, entry, act))
    }

    fn rotate(&self, next: Option<&Key>, immediate: bool, act: &Act) -> StoreResult<Rotated> {
        self.step(|| self.database.rotate(next, immediate, act))
    }

    fn revoke_key(
        &self,
        kid: &str,
        heir: Option<&str>,
        next: Option<&Key>,
        act: &Act,
    ) -> StoreResult<Revocation> {
        self.step(|| self.database.revoke_key(kid, heir, next, act))
    }

    fn activate_key(&self, kid: &str, act: &Act) -> StoreResult<bool> {
        self.step(|| self.database.activate_key(kid, act))
    }

    fn retire_key(&self, kid: &str, act: &Act) -> StoreResult<bool> {
        self.step(|| self.database.retire_key(kid, act))
    }

    fn note_served(&self, now: OffsetDateTime) -> StoreResult<()> {
        self.step(|| self.database.note_served(now))
    }

    fn note_token_life(&self, kid: &str, life: Duration) -> StoreResult<()> {
        self.step(|| self.database.note_token_life(kid, life))
    }

    fn note_last_expiry(&self, kid: &str, expiry: OffsetDateTime) -> StoreResult<()> {
        self.step(|| self.database.note_last_expiry(kid, expiry))
    }

    fn note_signed(&self, kid: &str) -> StoreResult<()> {
        self.step(|| self.database.note_signed(kid))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Planned,
    Immediate,
    Revocation,
}

/// Makes the change with a process that is cut off after `steps`, and starts the next one. Whether
/// the change came to its end before.
fn survives(change: Change, steps: u32, heard: bool) -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    let location = Location::Sqlite(folder.path().join("auth.db"));
    let open = || Database::open(&location, Existence::Create, START).expect("a database");
    let files = KeyFiles::in_folder(&folder.path().join("signing"));
    let rotator = Rotator::new(files.clone(), KeyBits::B2048);
    // Pairs to be taken: making new ones for each of so many ends would take long.
    for pem in PAIRS.iter() {
        files.keep(&PrivateKey::from_pem(pem.as_bytes()).expect("a key")).expect("kept");
    }
    let database = open();
    rotator.rotate(&*database, false, &Act::by_operator(START)).expect("the first key");
    let ring = KeyRing::open(files.clone(), database.list_keys().expect("keys"), POLICY);
    let ring = ring.expect("a ring");
    ring.follow(&*database, START).expect("followed");
    ring.sign(&claims()).expect("a token");
    let old = ring.signer().kid().to_owned();

    let cut = Cut { database, left: AtomicU32::new(steps), heard };
    let now = START + Duration::seconds(9);
    let done = match change {
        Change::Planned => rotator.rotate(&cut, false, &Act::by_operator(now)).is_ok(),
        Change::Immediate => rotator.rotate(&cut, true, &Act::by_operator(now)).is_ok(),
        Change::Revocation => rotator.revoke(&cut, &old, &Act::by_operator(now)).is_ok(),
    };
    let done = done && ring.follow(&cut, now).is_ok();
    drop((ring, cut));

    let what = format!("{change:?}, cut after {steps} steps");
    let database = open();
    let keys = database.list_keys().expect("keys");
    let active = keys.iter().filter(|key| key.state == KeyState::Active).count();
    assert_eq!(active, 1, "{what}");
    rotator.sweep(&keys).expect("swept");
    let ring = KeyRing::open(files.clone(), keys.clone(), POLICY).expect(&what);
    ring.follow(&*database, now).expect(&what);
    ring.sign(&claims()).expect(&what);
    assert!(ring.key_set().key(ring.signer().kid()).is_some(), "{what}");
    let revoked = ring.state(&old) == Some(KeyState::Revoked);
    assert_eq!(ring.key_set().key(&old).is_none(), revoked, "{what}");
    assert!(!revoked || files.read(&old).is_err(), "its file is gone: {what}");
    assert!(!revoked || change == Change::Revocation, "{what}");
    // And the change can be made now.
    rotator.rotate(&*database, true, &Act::by_operator(now)).expect(&what);
    done
}

#[test]
fn one_key_signs_after_an_end_at_any_step() {
    for change in [Change::Planned, Change::Immediate, Change::Revocation] {
        for heard in [true, false] {
            let mut steps = 0;
            while !survives(change, steps, heard) {
                steps += 1;
                assert!(steps < 20, "{change:?} never comes to its end");
            }
            assert!(steps >= 3, "{change:?} was cut off at {steps} steps only");
        }
    }
}
