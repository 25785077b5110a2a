//! The keys as requests use them: the signing key is always published.

use std::fs;

use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use super::super::{FileError, KeyFiles, KeyRing, PrivateKey, RingError};
use super::material::{new_key, shared_key};
use super::signing::claims;
use auth_domain::keys::{Key, KeyPolicy, KeyState};

const START: OffsetDateTime = datetime!(2026-01-02 03:04:05 UTC);

const POLICY: KeyPolicy = KeyPolicy {
    jwks_max_age: Duration::seconds(60),
    token_life: Duration::minutes(30),
    rotation_every: None,
    guard_patience: Duration::minutes(5),
};

fn record(key: &PrivateKey, state: KeyState) -> Key {
    let public = key.public();
    Key { state, ..Key::fresh(public.kid, public.n, public.e, START) }
}

struct Fixture {
    folder: tempfile::TempDir,
    files: KeyFiles,
    one: PrivateKey,
    other: PrivateKey,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let files = KeyFiles::in_folder(folder.path());
        let (one, other) = (shared_key(), new_key());
        files.keep(&one).expect("kept");
        files.keep(&other).expect("kept");
        Self { folder, files, one, other }
    }

    fn records(&self, one: KeyState, other: KeyState) -> Vec<Key> {
        vec![record(&self.one, one), record(&self.other, other)]
    }

    fn ring(&self, one: KeyState, other: KeyState) -> KeyRing {
        KeyRing::open(self.files.clone(), self.records(one, other), POLICY).expect("a ring")
    }
}

#[test]
fn key_set_holds_published_keys_and_no_private_number() {
    let fixture = Fixture::new();
    for (state, published) in [
        (KeyState::Pending, true),
        (KeyState::Retiring, true),
        (KeyState::Retired, false),
        (KeyState::Revoked, false),
    ] {
        let set = fixture.ring(KeyState::Active, state).key_set();
        assert_eq!(set.key(fixture.other.kid()).is_some(), published, "{state:?}");
        assert!(set.key(fixture.one.kid()).is_some());
        let json: serde_json::Value = serde_json::from_slice(&set.json).expect("JSON");
        for key in json["keys"].as_array().expect("keys") {
            let members: Vec<_> = key.as_object().expect("a key").keys().collect();
            assert_eq!(members, ["kty", "use", "alg", "kid", "n", "e"]);
            assert_eq!(key["e"], "AQAB");
        }
    }
}

#[test]
fn etag_is_strong_and_changes_only_with_the_set() {
    let fixture = Fixture::new();
    let ring = fixture.ring(KeyState::Active, KeyState::Pending);
    let before = ring.key_set();
    assert!(before.etag.starts_with('"') && before.etag.ends_with('"'), "{}", before.etag);
    ring.begin_change()
        .take_over(fixture.records(KeyState::Retiring, KeyState::Active))
        .expect("reloaded");
    let same = ring.key_set();
    assert_eq!((&same.etag, &same.json), (&before.etag, &before.json));
    ring.begin_change()
        .take_over(fixture.records(KeyState::Retired, KeyState::Active))
        .expect("reloaded");
    assert_ne!(ring.key_set().etag, before.etag);
}

#[test]
fn ring_signs_with_the_new_active_key() {
    let fixture = Fixture::new();
    let ring = fixture.ring(KeyState::Active, KeyState::Pending);
    assert_eq!(ring.signer().kid(), fixture.one.kid());
    ring.sign(&claims()).expect("signed");
    assert!(ring.signer().used());
    ring.begin_change()
        .take_over(fixture.records(KeyState::Retiring, KeyState::Active))
        .expect("reloaded");
    assert_eq!(ring.signer().kid(), fixture.other.kid());
    assert!(!ring.signer().used());
}

#[test]
fn new_key_without_a_good_file_keeps_the_last_key_active() {
    let fixture = Fixture::new();
    let ring = fixture.ring(KeyState::Active, KeyState::Pending);
    let path = fixture.folder.path().join(format!("{}.pem", fixture.other.kid()));
    fs::write(&path, "-----BEGIN PRIV").expect("half written");
    let refused =
        ring.begin_change().take_over(fixture.records(KeyState::Retired, KeyState::Active));
    assert!(matches!(refused, Err(RingError::File(FileError::Invalid(..)))), "{refused:?}");
    assert_eq!(ring.signer().kid(), fixture.one.kid());
    assert!(ring.key_set().key(fixture.one.kid()).is_some());
    // The ring follows as soon as the file is good.
    fixture.files.keep(&fixture.other).expect("kept");
    ring.begin_change()
        .take_over(fixture.records(KeyState::Retired, KeyState::Active))
        .expect("reloaded");
    assert_eq!(ring.signer().kid(), fixture.other.kid());
}

#[test]
fn ring_needs_an_active_key_with_a_file() {
    let fixture = Fixture::new();
    let none = fixture.records(KeyState::Retired, KeyState::Pending);
    let refused = KeyRing::open(fixture.files.clone(), none, POLICY);
    assert!(matches!(refused, Err(RingError::NoneActive)));
    fixture.files.forget(fixture.one.kid()).expect("forgotten");
    let records = fixture.records(KeyState::Active, KeyState::Pending);
    let refused = KeyRing::open(fixture.files.clone(), records, POLICY);
    assert!(matches!(refused, Err(RingError::File(FileError::Missing(_)))));
}

#[test]
fn max_age_ends_before_a_key_leaves_the_set() {
    let fixture = Fixture::new();
    let mut records = fixture.records(KeyState::Active, KeyState::Retiring);
    let leaves = START + Duration::seconds(1_000);
    records[1].last_expiry = Some(leaves - Duration::seconds(120));
    let ring = KeyRing::open(fixture.files.clone(), records, POLICY).expect("a ring");
    let set = ring.key_set();
    assert_eq!(set.max_age(START), 60);
    assert_eq!(set.max_age(leaves - Duration::seconds(10)), 10);
    assert_eq!(set.max_age(leaves - Duration::milliseconds(10)), 0);
    assert_eq!(set.max_age(leaves + Duration::seconds(10)), 0);
}

#[test]
fn ring_is_void_while_a_revoked_key_has_no_successor_with_a_file() {
    let fixture = Fixture::new();
    let ring = fixture.ring(KeyState::Active, KeyState::Pending);
    fixture.files.forget(fixture.other.kid()).expect("forgotten");
    let records = || fixture.records(KeyState::Revoked, KeyState::Active);
    ring.begin_change().take_over(records()).expect_err("no file");
    assert!(ring.is_void() && ring.sign(&claims()).is_err());
    fixture.files.keep(&fixture.other).expect("kept");
    ring.begin_change().take_over(records()).expect("a file");
    assert!(!ring.is_void() && ring.sign(&claims()).is_ok());
}
