//! A process that ends at any step of a change of the keys. The next process finds one key that
//! signs, its file, and every key with tokens that live.

use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use support::sqlite::until_closed;
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

use super::super::{Rotator, follow};
use super::ending::{DatabaseSteps, End, Process};
use super::material::{POLICY, START, claims, files, new_key, open, record, verifies_with};
use auth_crypto::signing::{KeyBits, KeyRing, PrivateKey};
use auth_domain::audit::Act;
use auth_domain::keys::{Addition, KeyState, Timers, leaves_at};

/// The pairs to use: making new ones for each of so many ends would take long.
static PAIRS: LazyLock<[String; 3]> =
    LazyLock::new(|| [(), (), ()].map(|()| new_key().pem().to_string()));

fn pair(number: usize) -> PrivateKey {
    PrivateKey::from_pem(PAIRS[number].as_bytes()).expect("a key")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// A pair is made and becomes the standby key.
    Publication,
    /// The standby key signs, ripe or not.
    Immediate,
    /// The standby key signs, since a scheduled rotation is due.
    Activation,
    /// A key that is no longer needed leaves.
    Retirement,
    /// The signing key is revoked, and the standby key takes over.
    Revocation,
    /// The signing key is revoked, and a new pair takes over.
    LoneRevocation,
    /// All keys are revoked, and a new pair takes over.
    FullRevocation,
}

impl Change {
    fn revokes(self) -> bool {
        matches!(self, Self::Revocation | Self::LoneRevocation | Self::FullRevocation)
    }

    fn adds_pair(self) -> bool {
        matches!(self, Self::Publication | Self::LoneRevocation | Self::FullRevocation)
    }
}

/// The data for a process that ends.
struct Before {
    folder: TempDir,
    /// The key that signed until then, or still signs, and a token of it.
    old: String,
    token: String,
    /// The key that changes.
    subject: String,
    now: OffsetDateTime,
}

impl Before {
    fn of(change: Change) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (store, files) = (open(folder.path()), files(folder.path()));
        let add = |number, addition, at| {
            files.keep(&pair(number)).expect("kept");
            let key = record(&pair(number), at);
            store.add_key(&key, addition, &Act::by_operator(at)).expect("added");
            key.kid
        };
        let old = add(0, Addition::Generated, START);
        let ring = KeyRing::open(files.clone(), store.list_keys().expect("keys"), POLICY);
        let ring = ring.expect("a ring");
        follow(&ring, &store, START).expect("followed");
        let token = ring.sign(&claims()).expect("a token");
        let later = START + Duration::seconds(9);
        let (subject, now) = match change {
            Change::Publication | Change::LoneRevocation => (old.clone(), later),
            Change::Revocation | Change::FullRevocation => {
                add(1, Addition::Standby, later);
                (old.clone(), later)
            }
            Change::Immediate => (add(1, Addition::Standby, later), later),
            Change::Activation => (add(1, Addition::Standby, later), later + POLICY.lead()),
            Change::Retirement => {
                add(1, Addition::Activated, later);
                let known = store.list_keys().expect("keys");
                (old.clone(), leaves_at(&known[0], &POLICY))
            }
        };
        follow(&ring, &store, later).expect("followed");
        drop(store);
        until_closed(&folder.path().join("auth.db"));
        Self { folder, old, token, subject, now }
    }

    /// Returns a copy, for one end.
    fn copy(&self) -> TempDir {
        let copy = tempfile::tempdir().expect("a folder");
        fs::create_dir(copy.path().join("signing")).expect("a folder");
        for below in ["", "signing"] {
            for entry in fs::read_dir(self.folder.path().join(below)).expect("listed") {
                let entry = entry.expect("an entry");
                if entry.file_type().expect("a type").is_file() {
                    let to = copy.path().join(below).join(entry.file_name());
                    fs::copy(entry.path(), to).expect("copied");
                }
            }
        }
        copy
    }
}

/// Makes the change until the process ends; returns true if the change was completed.
fn make(change: Change, before: &Before, folder: &Path, process: &Arc<Process>) -> bool {
    let files = files(folder);
    let store = open(folder);
    let ring = KeyRing::open(files.clone(), store.list_keys().expect("keys"), POLICY);
    let ring = ring.expect("a ring");
    store.intercept(Box::new(DatabaseSteps(Arc::clone(process))));
    let files = files.changed_in(Arc::clone(process) as _);
    let rotator = Rotator::new(files.clone(), KeyBits::B2048, POLICY);
    let (subject, now) = (&before.subject, before.now);
    let act = Act::by_operator(now);
    // The rotator takes this pair instead of a new one.
    let made = || files.keep(&pair(2)).is_ok();
    let rotate = || rotator.rotate_keys(&store, &[], &Timers::default(), true, &act);
    let done = match change {
        Change::Publication => made() && rotator.make_standby(&store, &act).is_ok(),
        Change::Immediate => rotate().is_ok(),
        Change::Activation => rotator.activate_key(&store, subject, &act).is_ok(),
        Change::Retirement => rotator.retire_key(&store, subject, &act).is_ok(),
        Change::Revocation => rotator.revoke_key(&store, subject, &act).is_ok(),
        Change::LoneRevocation => made() && rotator.revoke_key(&store, subject, &act).is_ok(),
        Change::FullRevocation => rotator.revoke_all_keys(&store, &act).is_ok(),
    };
    done && follow(&ring, &store, now).is_ok()
}

/// Ends a process after so many `steps` of the change, and starts the next one. Returns true if the
/// change was completed before.
fn survives(change: Change, before: &Before, steps: u32, end: End) -> bool {
    let copy = before.copy();
    let folder = copy.path();
    let process = Process::with_steps(steps, end);
    let done = make(change, before, folder, &process);
    process.lose();

    let what = format!("{change:?}, ended {end:?} at step {steps}");
    let (store, files, now) = (open(folder), files(folder), before.now);
    files.check_modes().expect(&what);
    for kid in files.list().expect(&what) {
        assert!(files.read(&kid).is_ok(), "{kid} is no whole key file: {what}");
    }
    let keys = store.list_keys().expect(&what);
    let active = keys.iter().filter(|key| key.state == KeyState::Active).count();
    assert_eq!(active, 1, "keys that sign: {what}");
    let rotator = Rotator::new(files.clone(), KeyBits::B2048, POLICY);
    rotator.sweep(&keys).expect(&what);
    for entry in fs::read_dir(folder.join("signing")).expect("listed") {
        let name = entry.expect("an entry").file_name();
        assert!(!name.as_encoded_bytes().starts_with(b"."), "{name:?} is left: {what}");
    }
    let ring = KeyRing::open(files.clone(), keys.clone(), POLICY).expect(&what);
    follow(&ring, &store, now).expect(&what);

    let state = ring.state(&before.old).expect(&what);
    let verifies = |token: &str, kid: &str| {
        ring.key_set().key(kid).is_some_and(|key| verifies_with(token, key))
    };
    assert_eq!(verifies(&before.token, &before.old), state.published(), "{state:?}: {what}");
    match state {
        KeyState::Revoked => assert!(change.revokes(), "{what}"),
        KeyState::Retired => assert_eq!(change, Change::Retirement, "{what}"),
        _ => {}
    }
    assert_eq!(files.read(&before.old).is_ok(), state.published(), "its file: {what}");
    let fresh = ring.sign(&claims()).expect(&what);
    assert!(verifies(&fresh, ring.signer().kid()), "{what}");
    // The next change can be made, too.
    files.keep(&pair(2)).expect(&what);
    let act = Act::by_operator(now);
    let next = rotator.rotate_keys(&store, &[], &Timers::default(), true, &act);
    assert!(next.is_ok(), "{next:?}: {what}");
    done
}

/// Ends a process at each step. There is one test for each change, because there are hundreds of
/// ends, each with several waits for the disk.
fn survives_everywhere(change: Change) {
    let before = Before::of(change);
    for end in End::ALL {
        let mut steps = 0;
        while !survives(change, &before, steps, end) {
            steps += 1;
            assert!(steps < 30, "{change:?} never comes to its end");
        }
        // A transaction, and following it; five more steps for the file if a pair is made.
        let least = if change.adds_pair() { 8 } else { 3 };
        assert!(steps >= least, "{change:?} was ended at {steps} steps only");
    }
}

#[test]
fn one_key_signs_after_crash_in_publication() {
    survives_everywhere(Change::Publication);
}

#[test]
fn one_key_signs_after_crash_in_immediate_rotation() {
    survives_everywhere(Change::Immediate);
}

#[test]
fn one_key_signs_after_crash_in_activation() {
    survives_everywhere(Change::Activation);
}

#[test]
fn one_key_signs_after_crash_in_retirement() {
    survives_everywhere(Change::Retirement);
}

#[test]
fn one_key_signs_after_crash_in_revocation() {
    survives_everywhere(Change::Revocation);
}

#[test]
fn one_key_signs_after_crash_in_revocation_without_standby_key() {
    survives_everywhere(Change::LoneRevocation);
}

#[test]
fn one_key_signs_after_crash_in_revocation_of_all_keys() {
    survives_everywhere(Change::FullRevocation);
}
