//! Keys and tokens for the tests.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use signet_contract::claims::{Claims, FIRST_PARTY};
use signet_verifier::{Profile, PublicKey, inspect};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use auth_crypto::signing::{KeyBits, KeyFiles, PrivateKey, generate};
use auth_domain::keys::{Key, KeyPolicy};
use auth_store::{Existence, Location, Store};

const NOW: i64 = 1_800_000_000;

/// The time at which the tests begin.
pub(super) const START: OffsetDateTime = datetime!(2026-01-02 03:04:05 UTC);

/// The policy of every key ring here.
pub(super) const POLICY: KeyPolicy = KeyPolicy {
    jwks_max_age: Duration::seconds(60),
    token_life: Duration::minutes(30),
    rotation_every: None,
    guard_patience: Duration::minutes(5),
};

/// Opens the database of `folder`; creates it if there is none.
pub(super) fn open(folder: &Path) -> Arc<Store> {
    let location = Location::Sqlite(folder.join("auth.db"));
    Store::open(&location, Existence::Create, START).expect("a database")
}

/// Returns the key files of `folder`.
pub(super) fn files(folder: &Path) -> KeyFiles {
    KeyFiles::in_folder(&folder.join("signing"))
}

/// Returns the record of a key that was made at `at`.
pub(super) fn record(key: &PrivateKey, at: OffsetDateTime) -> Key {
    let public = key.public();
    Key::fresh(public.kid, public.n, public.e, at)
}

/// Returns a key that tests share: making one takes a while.
pub(super) fn shared_key() -> PrivateKey {
    static PEM: LazyLock<String> = LazyLock::new(|| new_key().pem().to_string());
    PrivateKey::from_pem(PEM.as_bytes()).expect("a key")
}

/// Makes a key of 2048 bits.
pub(super) fn new_key() -> PrivateKey {
    generate(KeyBits::B2048).expect("a key")
}

/// Returns the claims of a user's token.
pub(super) fn claims() -> Claims {
    let user = Uuid::new_v4();
    Claims {
        iss: "http://localhost:8001".into(),
        sub: user.to_string(),
        public_id: Some(user),
        aud: "api-service".into(),
        iat: NOW,
        exp: NOW + 1_800,
        jti: Uuid::new_v4(),
        sid: Some(Uuid::new_v4()),
        client_id: FIRST_PARTY.into(),
        scope: None,
        roles: Some(vec!["user".into()]),
        pos: 7,
    }
}

/// Returns true if a token of these claims is good.
pub(super) fn verifies_with(token: &str, public: &PublicKey) -> bool {
    let profile = Profile {
        issuer: "http://localhost:8001".into(),
        audiences: vec!["api-service".into()],
        leeway: Duration::ZERO,
        max_life: Duration::DAY,
    };
    let now = OffsetDateTime::from_unix_timestamp(NOW).expect("a time");
    inspect(token, &profile, now).expect("well-formed").verify(public).is_ok()
}
