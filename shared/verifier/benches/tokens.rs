//! The speed of tokens with `jsonwebtoken` and our provider, compared with the same work with
//! aws-lc-rs and a parsed key.
//!
//! `cargo bench -p signet-verifier --bench tokens`. The two sides of a row run in turn, so that
//! load on the machine slows both. 1.00 means equally fast, and 0.95 is the least allowed.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and ends when it fails"
)]

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use getrandom::SysRng;
use jsonwebtoken::encode;
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::traits::PublicKeyParts;
use signet_contract::claims::{Claims, FIRST_PARTY};
use signet_contract::clock::{Clock, SystemClock};
use signet_verifier::{
    Profile, PublicKey, SigningKey, TokenHash, Verdicts, access_token_header, inspect,
};
use time::OffsetDateTime;
use uuid::Uuid;

const ROUNDS: usize = 3_000;

fn main() {
    let now = SystemClock.now();
    let key = rsa::PrivateKey::new(&mut SysRng, 2048).expect("a key pair");
    let signing = SigningKey::from_pkcs1(key.to_pkcs1_der().expect("DER").as_bytes());
    let signing = signing.expect("a key pair");
    let (n, e) = (key.n_bytes(), key.e_bytes());
    let public = PublicKey::from_components(&n, &e).expect("a key");
    let parsed = RsaPublicKeyComponents { n, e };
    let parsed = parsed.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).expect("a key");

    let claims = claims(now);
    let header = access_token_header(public.kid());
    let token = encode(&header, &claims, &signing.encoding).expect("a token");
    let profile = Profile {
        issuer: claims.iss.clone(),
        audiences: vec![claims.aud.clone()],
        leeway: time::Duration::ZERO,
        max_life: time::Duration::DAY,
    };

    let sign = || {
        let header = serde_json::to_vec(&header).expect("JSON");
        let payload = serde_json::to_vec(&claims).expect("JSON");
        let message = [header, payload].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        let mut signature = vec![0; signing.pair.public_modulus_len()];
        let random = SystemRandom::new();
        let signed =
            signing.pair.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature);
        signed.expect("a signature");
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    };
    row("encode", || encode(&header, &claims, &signing.encoding).expect("a token"), sign);

    let verify = || {
        let unverified = inspect(&token, &profile, now).expect("good but for its key");
        let (message, signature) = token.rsplit_once('.').expect("a token");
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
        parsed.verify_sig(message.as_bytes(), &signature).expect("a signature");
        unverified
    };
    let judge = || {
        let unverified = inspect(&token, &profile, now).expect("good but for its key");
        unverified.verify(&public).expect("a good token")
    };
    row("decode", judge, verify);

    let verdicts = Verdicts::new(NonZeroUsize::MIN);
    verdicts.insert(TokenHash::of(&token), Arc::new(judge()));
    row("decode, cached", || verdicts.get(&TokenHash::of(&token), &profile, now), verify);
}

fn claims(now: OffsetDateTime) -> Claims {
    let user = Uuid::new_v4();
    Claims {
        iss: "http://localhost:8001".into(),
        sub: user.to_string(),
        public_id: Some(user),
        aud: "api-service".into(),
        iat: now.unix_timestamp(),
        exp: now.unix_timestamp() + 1_800,
        jti: Uuid::new_v4(),
        sid: Some(Uuid::new_v4()),
        client_id: FIRST_PARTY.into(),
        scope: None,
        roles: Some(vec!["user".into()]),
        pos: 1_700_000_000_000_000,
    }
}

/// Prints the median times of both sides and the ratio of their speeds.
fn row<A, B>(name: &str, ours: impl Fn() -> A, theirs: impl Fn() -> B) {
    let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        our_times.push(timed(&ours));
        their_times.push(timed(&theirs));
    }
    let (ours, theirs) = (median(our_times), median(their_times));
    let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
    println!("{name:14} {ours:>10.1?}   aws-lc-rs {theirs:>10.1?}   ratio {ratio:.2}");
}

fn timed<T>(work: impl Fn() -> T) -> Duration {
    let start = Instant::now();
    black_box(work());
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
