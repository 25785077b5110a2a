//! A key without a good file: it does not begin to sign, and it does not count as served.

use std::sync::Arc;

use tempfile::TempDir;

use super::super::{FollowError, Imported, Rotator, follow};
use super::material::{POLICY, START, files, new_key, open, record, shared_key};
use crate::error::AppError;
use auth_crypto::signing::{KeyBits, KeyFiles, KeyRing, PrivateKey};
use auth_domain::audit::Act;
use auth_domain::keys::{Activation, KeyState};
use auth_store::Store;

/// Returns a key that signs, and a pending one that lost its file.
fn lost_file() -> (TempDir, Arc<Store>, KeyFiles, [PrivateKey; 2]) {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, files) = (open(folder.path()), files(folder.path()));
    let keys = [shared_key(), new_key()];
    files.keep(&keys[0]).expect("kept");
    for key in &keys {
        store
            .add_key(&record(key, START), Activation::Planned, &Act::by_operator(START))
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
fn rotation_takes_prepared_pair() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, files) = (open(folder.path()), files(folder.path()));
    let (rotator, act) =
        (Rotator::new(files.clone(), KeyBits::B2048, POLICY), Act::by_operator(START));
    let known = || store.list_keys().expect("keys");
    for _ in 0..2 {
        rotator.prepare(&known()).expect("prepared");
    }
    let prepared = files.list().expect("listed");
    assert_eq!(prepared.len(), 1, "once is enough");
    for immediate in [true, false] {
        rotator.prepare(&known()).expect("prepared");
        rotator.rotate_keys(&store, immediate, &act).expect("rotated");
    }
    assert_eq!(known().len(), 2);
    assert!(known().iter().any(|key| key.kid == prepared[0]));
    rotator.prepare(&known()).expect("none is needed");
    assert_eq!(files.list().expect("listed").len(), 2, "one is pending");
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
    for activate in [false, true] {
        let refused = import(&good, activate).expect_err("it never signs again").to_string();
        assert!(refused.contains("is known and retiring"), "{refused}");
    }
    let keys = store.list_keys().expect("keys");
    let state = |key: &PrivateKey| keys.iter().find(|k| k.kid == key.kid()).map(|k| k.state);
    assert_eq!([&good, &lost].map(state), [KeyState::Retiring, KeyState::Active].map(Some));
}
