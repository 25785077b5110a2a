//! The standby key, and a key without a good file: it does not begin to sign, and it does not count
//! as served.

use std::fs;
use std::sync::Arc;

use tempfile::TempDir;

use super::super::rotator::Publication;
use super::super::{FollowError, Imported, Rotator, follow};
use super::material::{POLICY, START, files, new_key, open, record, shared_key};
use crate::error::AppError;
use auth_crypto::signing::{KeyBits, KeyFiles, KeyRing, PrivateKey};
use auth_domain::audit::Act;
use auth_domain::keys::{Addition, KeyState, Timers};
use auth_store::Store;

/// Returns a key that signs, and a standby key that lost its file.
fn lost_file() -> (TempDir, Arc<Store>, KeyFiles, [PrivateKey; 2]) {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, files) = (open(folder.path()), files(folder.path()));
    let keys = [shared_key(), new_key()];
    files.keep(&keys[0]).expect("kept");
    for key in &keys {
        store
            .add_key(&record(key, START), Addition::Generated, &Act::by_operator(START))
            .expect("added");
    }
    (folder, store, files, keys)
}

#[test]
fn key_without_its_file_does_not_replace_revoked_key() {
    let (_folder, store, files, [good, lost]) = lost_file();
    let rotator = Rotator::new(files.clone(), KeyBits::B2048, POLICY);
    let revoked = rotator.revoke_key(&store, good.kid(), &Act::by_operator(START));
    let active = revoked.expect("revoked").active;
    assert_ne!(active, lost.kid());
    files.read(&active).expect("one with a file took over");
}

#[test]
fn standby_key_is_made_once_and_takes_the_pair_of_a_process_that_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, files) = (open(folder.path()), files(folder.path()));
    let (rotator, act) =
        (Rotator::new(files.clone(), KeyBits::B2048, POLICY), Act::by_operator(START));
    let standby = || rotator.make_standby(&store, &act).expect("made").map(|key| key.kid);
    assert_eq!(standby(), None, "no key signs yet");
    rotator.generate_key(&store, KeyBits::B2048, &act).expect("made");
    let left_over = shared_key();
    files.keep(&left_over).expect("kept");
    assert_eq!(standby().as_deref(), Some(left_over.kid()));
    assert_eq!(standby(), None, "there is one");
    assert_eq!(files.list().expect("listed").len(), 2);
}

#[test]
fn pair_made_before_a_revocation_of_all_keys_is_not_published_after_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, files) = (open(folder.path()), files(folder.path()));
    let (rotator, act) =
        (Rotator::new(files.clone(), KeyBits::B2048, POLICY), Act::by_operator(START));
    rotator.generate_key(&store, KeyBits::B2048, &act).expect("made");
    let stolen = shared_key();
    files.keep(&stolen).expect("kept");

    let prepared = rotator.prepare_standby(&store).expect("read").expect("one is needed");
    rotator.revoke_all_keys(&store, &act).expect("revoked");
    let published = rotator.publish_standby(&store, &prepared, &act);
    assert_eq!(published, Ok(Publication::Outdated));
    let made = rotator.make_standby(&store, &act).expect("made").expect("one");
    assert_ne!(made.kid, stolen.kid());
    assert!(!files.holds(stolen.kid()));
}

#[test]
fn standby_key_without_its_file_is_replaced() {
    let (_folder, store, files, [good, lost]) = lost_file();
    let (rotator, act) =
        (Rotator::new(files.clone(), KeyBits::B2048, POLICY), Act::by_operator(START));
    assert!(rotator.lacks_standby(&store.list_keys().expect("keys")));
    let made = rotator.make_standby(&store, &act).expect("made").expect("one");
    files.read(&made.kid).expect("with a file");
    let keys = store.list_keys().expect("keys");
    let states: Vec<_> = keys.iter().map(|key| (&*key.kid, key.state)).collect();
    let expected = [
        (good.kid(), KeyState::Active),
        (lost.kid(), KeyState::Retired),
        (&*made.kid, KeyState::Pending),
    ];
    assert_eq!(states, expected);
    // Without the file of the active key, this is the folder of another server.
    files.forget(good.kid()).expect("forgotten");
    files.forget(&made.kid).expect("forgotten");
    assert_eq!(rotator.make_standby(&store, &act), Ok(None));
}

#[test]
fn key_without_its_file_is_neither_activated_nor_served() {
    let (_folder, store, files, [good, lost]) = lost_file();
    let act = Act::by_operator(START);
    let known = |kid: &str| {
        let keys = store.list_keys().expect("keys");
        keys.into_iter().find(|key| key.kid == kid).expect("known")
    };

    let rotator = Rotator::new(files.clone(), KeyBits::B2048, POLICY);
    let refused = rotator.activate_key(&store, lost.kid(), &act);
    assert!(
        matches!(&refused, Err(AppError::Internal(line)) if line.contains("is missing")),
        "{refused:?}"
    );
    assert_eq!(known(good.kid()).state, KeyState::Active);

    let ring = KeyRing::open(files, store.list_keys().expect("keys"), POLICY).expect("a ring");
    store.activate_key(lost.kid(), &act).expect("activated by another");
    let refused = follow(&ring, &store, START);
    assert!(matches!(refused, Err(FollowError::Ring(_))), "{refused:?}");
    assert_eq!(known(lost.kid()).served_at, None, "its lead has not begun");
    assert_eq!(ring.signer().kid(), good.kid());
}

#[test]
fn import_of_known_key_restores_its_file_and_never_changes_its_state_back() {
    let (_folder, store, files, [good, lost]) = lost_file();
    let (rotator, act) =
        (Rotator::new(files.clone(), KeyBits::B2048, POLICY), Act::by_operator(START));
    let import = |key: &PrivateKey, activate| rotator.import_key(&store, key, activate, &act);
    assert_eq!(import(&lost, false), Ok(Imported::Known(KeyState::Pending)));
    files.read(lost.kid()).expect("restored");
    assert_eq!(import(&lost, true), Ok(Imported::Activated));
    assert_eq!(import(&lost, true), Ok(Imported::Known(KeyState::Active)));
    assert_eq!(import(&good, false), Ok(Imported::Known(KeyState::Retiring)));
    let refused = import(&good, true).expect_err("it never signs again").to_string();
    assert!(refused.contains("is known and retiring"), "{refused}");
    store.retire_key(good.kid(), &act).expect("retired");
    let refused = import(&good, false).expect_err("it left the key set").to_string();
    assert!(refused.contains("is known and retired"), "{refused}");
    let keys = store.list_keys().expect("keys");
    let state = |key: &PrivateKey| keys.iter().find(|k| k.kid == key.kid()).map(|k| k.state);
    assert_eq!([&good, &lost].map(state), [KeyState::Retired, KeyState::Active].map(Some));
}

/// Returns a rotator with a key that signs and a standby key, both with their files.
fn pair() -> (TempDir, Arc<Store>, KeyFiles, Rotator) {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, files) = (open(folder.path()), files(folder.path()));
    let rotator = Rotator::new(files.clone(), KeyBits::B2048, POLICY);
    let act = Act::by_operator(START);
    rotator.generate_key(&store, KeyBits::B2048, &act).expect("made");
    rotator.make_standby(&store, &act).expect("made").expect("one");
    (folder, store, files, rotator)
}

/// Returns the thumbprints of the keys in this state.
fn kids(store: &Store, state: KeyState) -> Vec<String> {
    let keys = store.list_keys().expect("keys").into_iter();
    keys.filter(|key| key.state == state).map(|key| key.kid).collect()
}

#[test]
fn rotation_replaces_standby_key_with_damaged_file() {
    let (folder, store, files, rotator) = pair();
    let damaged = kids(&store, KeyState::Pending).remove(0);
    fs::write(folder.path().join(format!("signing/{damaged}.pem")), "no key").expect("written");
    let act = Act::by_operator(START);
    let rotated = rotator.rotate_keys(&store, &[], &Timers::default(), true, &act);
    let key = rotated.expect("rotated");
    assert_eq!(key.state, KeyState::Active);
    files.read(&key.kid).expect("a good file");
    assert_eq!(kids(&store, KeyState::Retired), [damaged]);
}

#[test]
fn revocation_of_all_keys_deletes_every_other_file_and_waits_for_no_stranger() {
    let (folder, store, files, rotator) = pair();
    for name in ["exposed", "notes"] {
        fs::write(folder.path().join(format!("signing/{name}.pem")), "no key").expect("written");
    }
    let _held = files.lock().expect("locked by another");
    let revoked = rotator.revoke_all_keys(&store, &Act::by_operator(START)).expect("revoked");
    assert_eq!(revoked.kids.len(), 2);
    assert_eq!(files.list().expect("listed"), [revoked.active]);
}

#[test]
fn command_in_another_folder_makes_no_key_that_the_server_lacks() {
    let (_folder, store, _, _) = pair();
    let other = tempfile::tempdir().expect("a folder");
    let rotator = Rotator::new(files(other.path()), KeyBits::B2048, POLICY);
    let act = Act::by_operator(START);
    let refused = rotator.generate_key(&store, KeyBits::B2048, &act).expect_err("refused");
    assert!(refused.to_string().contains("set AUTH_KEYS_DIR"), "{refused}");
    let (active, standby) =
        (kids(&store, KeyState::Active).remove(0), kids(&store, KeyState::Pending).remove(0));
    // The server has the file of the standby key.
    let revoked = rotator.revoke_key(&store, &active, &act).expect("revoked");
    assert_eq!((revoked.active, revoked.elsewhere), (standby, false));
    let revoked = rotator.revoke_all_keys(&store, &act).expect("revoked");
    assert!(revoked.elsewhere, "the server may lack the new file");
}
