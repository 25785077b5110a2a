//! Tests of the judgement on the guard's own token, with new keys.

use std::sync::OnceLock;

use getrandom::SysRng;
use jsonwebtoken::encode;
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::traits::PublicKeyParts;
use serde_json::{Value, json};
use time::macros::datetime;

use super::*;
use signet_verifier::{SigningKey, access_token_header};

const NOW: OffsetDateTime = datetime!(2026-01-02 03:04:05 UTC);
const ISSUER: &str = "https://login.example.org";

/// A key pair, and its public key.
fn key() -> &'static (SigningKey, PublicKey) {
    static KEY: OnceLock<(SigningKey, PublicKey)> = OnceLock::new();
    KEY.get_or_init(|| {
        let key = rsa::PrivateKey::new(&mut SysRng, 2048).expect("a key pair");
        let public = PublicKey::from_components(&key.n_bytes(), &key.e_bytes()).expect("a key");
        let pkcs1 = key.to_pkcs1_der().expect("DER");
        (SigningKey::from_pkcs1(pkcs1.as_bytes()).expect("a key pair"), public)
    })
}

fn profile() -> Profile {
    Profile {
        issuer: ISSUER.into(),
        audiences: vec!["orders".into()],
        leeway: Duration::seconds(10),
        max_life: Duration::HOUR,
    }
}

/// A token of the guard's client, with some claims changed.
fn token(changes: Value) -> OwnToken {
    let (signing, public) = key();
    let iat = NOW.unix_timestamp();
    let mut claims = json!({
        "iss": ISSUER, "sub": "orders", "aud": ISSUER, "iat": iat, "exp": iat + 1_800,
        "jti": "8c5f9f3e-7f5c-4d39-9a55-0f6a7f2b9a11", "client_id": "orders", "pos": 7,
    });
    let Value::Object(changes) = changes else { panic!("no object") };
    claims.as_object_mut().expect("an object").extend(changes);
    let header = access_token_header(public.kid());
    let text = encode(&header, &claims, &signing.encoding).expect("a token");
    OwnToken { text, asked: NOW, received: NOW }
}

fn judged(token: &OwnToken) -> Judgement {
    judge(token, &profile(), false, |kid| Some(key().1.clone()).filter(|key| key.kid() == kid))
}

fn mismatch(changes: Value) -> Mismatch {
    match judged(&token(changes)) {
        Judgement::Refused(mismatch) => mismatch,
        other => panic!("{other:?}"),
    }
}

fn is_good(judgement: &Judgement) -> bool {
    matches!(judgement, Judgement::Good { .. })
}

#[test]
fn token_for_issuer_is_good_with_any_audience_of_the_guard() {
    assert!(is_good(&judged(&token(json!({})))));
    assert!(is_good(&judged(&token(json!({"scope": "events:read"})))));
}

#[test]
fn other_spelling_of_issuer_is_named() {
    for theirs in [
        "https://login.example.org/",
        "https://Login.example.org",
        "http://login.example.org",
        "https://login.example.org:8443",
    ] {
        let found = mismatch(json!({"iss": theirs, "aud": theirs}));
        assert_eq!(found, Mismatch::Issuer { ours: ISSUER.into(), theirs: theirs.into() });
        let line = found.to_string();
        assert!(line.contains(&format!("`{theirs}`")) && line.contains(&format!("`{ISSUER}`")));
    }
}

#[test]
fn life_above_limit_is_named() {
    let iat = NOW.unix_timestamp();
    assert!(is_good(&judged(&token(json!({"exp": iat + 3_600})))));
    let found = mismatch(json!({"exp": iat + 3_601}));
    assert_eq!(found, Mismatch::TokenLife { ours: 3_600, theirs: 3_601 });
}

#[test]
fn clocks_are_judged_by_leeway_and_by_times_of_question_and_answer() {
    let at = |asked: i64, received: i64| {
        let (asked, received) = (NOW + Duration::seconds(asked), NOW + Duration::seconds(received));
        OwnToken { asked, received, ..token(json!({})) }
    };
    for (asked, received) in [(-10, -10), (0, 0), (-30, 0), (0, 5_000), (1_809, 1_809)] {
        assert!(is_good(&judged(&at(asked, received))), "{asked} {received}");
    }
    let behind = Judgement::Refused(Mismatch::ClockBehind { seconds: 11, leeway: 10 });
    assert_eq!(judged(&at(-12, -11)), behind);
    let ahead = Judgement::Refused(Mismatch::ClockAhead { seconds: 1_810, limit: 1_810 });
    assert_eq!(judged(&at(1_810, 1_811)), ahead);

    // A mismatch of the clocks ends with a margin of one second.
    let strict = |token: &OwnToken| judge(token, &profile(), true, |_| Some(key().1.clone()));
    assert!(is_good(&strict(&at(-9, -9))) && !is_good(&strict(&at(-10, -10))));
    assert!(is_good(&strict(&at(1_808, 1_808))) && !is_good(&strict(&at(1_809, 1_809))));
}

#[test]
fn own_token_needs_its_key_and_a_valid_signature() {
    let good = token(json!({}));
    let kid = key().1.kid().to_owned();
    assert_eq!(judge(&good, &profile(), false, |_| None), Judgement::NoKey { kid: kid.clone() });
    let (signed, signature) = good.text.rsplit_once('.').expect("a signature");
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    let forged = OwnToken { text: format!("{signed}.{first}{}", &signature[1..]), ..good };
    assert_eq!(judged(&forged), Judgement::Refused(Mismatch::Signature { kid }));
}

#[test]
fn token_that_is_not_of_the_profile_is_refused() {
    use signet_verifier::Reason;
    for (changes, reason) in [
        (json!({"pos": null}), Reason::Malformed),
        (json!({"exp": "soon"}), Reason::Malformed),
        (json!({"iss": 7}), Reason::Malformed),
        (json!({"aud": "orders"}), Reason::Audience),
    ] {
        assert_eq!(mismatch(changes.clone()), Mismatch::Token(reason), "{changes}");
    }
    let opaque = OwnToken { text: "opaque".into(), ..token(json!({})) };
    assert_eq!(judged(&opaque), Judgement::Refused(Mismatch::Token(Reason::Malformed)));
}
