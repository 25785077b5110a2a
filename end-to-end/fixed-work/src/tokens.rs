//! Work with tokens: signing, verifying, and a verdict from the cache.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use auth_crypto::signing::{KeyBits, KeyFiles, KeyRing, generate};
use auth_domain::keys::{Key, KeyPolicy};
use signet_contract::claims::{Claims, FIRST_PARTY, ROLE_USER};
use signet_contract::clock::{Clock, SystemClock};
use signet_guard::Guard;
use time::Duration;

use super::replicated::{Replicated, id};

/// Returns the work of admitting one of `count` tokens of a user, each for the first time.
pub(super) fn verify(count: usize) -> Box<dyn FnMut(usize)> {
    let mut replicated = Replicated::new();
    let token = replicated.token();
    let expiry = token.caller().token().expires_at;
    let tokens: Vec<_> = (0..count)
        .map(|number| expiry + Duration::seconds(i64::try_from(number).expect("a small number")))
        .map(|expiry| token.clone().expires_at(expiry).token())
        .collect();
    Box::new(move |number| admit(replicated.guard(), &tokens[number]))
}

/// Returns the work of admitting one token again.
pub(super) fn cached() -> Box<dyn FnMut(usize)> {
    let mut replicated = Replicated::new();
    let token = replicated.token().token();
    Box::new(move |_| admit(replicated.guard(), &token))
}

/// Admits a token that needs no wait.
fn admit(guard: &Guard, token: &str) {
    let admission = pin!(guard.admit(token));
    match admission.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(caller) => drop(black_box(caller.expect("a good token"))),
        Poll::Pending => panic!("the guard waits"),
    }
}

/// Returns the work of signing a user's token.
pub(super) fn sign() -> Box<dyn FnMut(usize)> {
    let now = SystemClock.now();
    let folder = tempfile::tempdir().expect("a folder");
    let files = KeyFiles::in_folder(folder.path());
    let key = generate(KeyBits::B2048).expect("a key");
    files.keep(&key).expect("kept");
    let public = key.public();
    let keys = vec![Key::fresh(public.kid, public.n, public.e, now).activated(now)];
    let policy = KeyPolicy {
        jwks_max_age: Duration::MINUTE,
        token_life: Duration::minutes(30),
        rotation_every: None,
        guard_patience: Duration::minutes(5),
    };
    let ring = KeyRing::open(files, keys, policy).expect("a ring");
    let claims = Claims {
        iss: "https://login.example.org".into(),
        sub: id(0).to_string(),
        public_id: Some(id(0)),
        aud: "api-service".into(),
        iat: now.unix_timestamp(),
        exp: now.unix_timestamp() + policy.token_life.whole_seconds(),
        jti: id(1),
        sid: Some(id(2)),
        client_id: FIRST_PARTY.into(),
        scope: None,
        roles: Some(vec![ROLE_USER.into()]),
        pos: 1_700_000_000_000_000,
    };
    Box::new(move |_| drop(black_box(ring.sign(&claims).expect("a token"))))
}
