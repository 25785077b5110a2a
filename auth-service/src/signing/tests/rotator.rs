//! A key whose file is not good: it does not begin to sign, and nobody is told that it is served.

use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use super::super::{FileError, FollowError, KeyFiles, KeyRing, PrivateKey, RotationError, Rotator};
use super::material::{new_key, shared_key};
use crate::domain::audit::Act;
use crate::domain::keys::{Entry, Key, KeyPolicy, KeyState, KeyStore};
use crate::settings::KeyBits;
use crate::store::{Database, Existence, Location};

const START: OffsetDateTime = datetime!(2026-01-02 03:04:05 UTC);

const POLICY: KeyPolicy = KeyPolicy {
    jwks_max_age: Duration::seconds(60),
    token_life: Duration::minutes(30),
    rotation_every: None,
    guard_patience: Duration::minutes(5),
};

fn record(key: &PrivateKey) -> Key {
    let public = key.public();
    Key::fresh(public.kid, public.n, public.e, START)
}

#[test]
fn a_key_without_its_file_does_not_take_over_and_is_not_called_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let location = Location::Sqlite(folder.path().join("auth.db"));
    let database = Database::open(&location, Existence::Create, START).expect("a database");
    let files = KeyFiles::in_folder(&folder.path().join("signing"));
    let (good, lost) = (shared_key(), new_key());
    files.keep(&good).expect("kept");
    let act = Act::by_operator(START);
    for key in [&good, &lost] {
        database.add_key(&record(key), Entry::Planned, &act).expect("added");
    }
    let known = |kid: &str| {
        let keys = database.list_keys().expect("keys");
        keys.into_iter().find(|key| key.kid == kid).expect("known")
    };

    let rotator = Rotator::new(files.clone(), KeyBits::B2048);
    let refused = rotator.activate(&*database, lost.kid(), &act);
    assert!(matches!(refused, Err(RotationError::File(FileError::Missing(_)))), "{refused:?}");
    assert_eq!(known(good.kid()).state, KeyState::Active);

    let ring = KeyRing::open(files, database.list_keys().expect("keys"), POLICY).expect("a ring");
    database.activate_key(lost.kid(), &act).expect("activated by another");
    let refused = ring.follow(&*database, START);
    assert!(matches!(refused, Err(FollowError::Ring(_))), "{refused:?}");
    assert_eq!(known(lost.kid()).served_at, None, "its lead has not begun");
    assert_eq!(ring.signer().kid(), good.kid());
}
