//! Both steps at once, with a list of keys.

use serde_json::json;
use signet_verifier::{AccessToken, PublicKey, Reason, verify};

use crate::minting::{
    EXPIRES, NOW, at, profile, service_claims, signer, stranger, user_claims, with,
};

fn keys() -> [PublicKey; 2] {
    [stranger().public.clone(), signer().public.clone()]
}

fn verified(token: &str, keys: &[PublicKey]) -> Result<AccessToken, Reason> {
    verify(token, &profile(), keys, at(NOW))
}

#[test]
fn token_is_verified_with_the_key_that_it_names() {
    for claims in [user_claims(), service_claims()] {
        let token = signer().token(&claims);
        let verified = verified(&token, &keys()).expect("a good token");
        assert_eq!(verified.kid, signer().kid());
    }
}

#[test]
fn token_without_its_key_is_refused_as_key() {
    let token = signer().token(&user_claims());
    assert_eq!(verified(&token, &[]), Err(Reason::Key));
    assert_eq!(verified(&token, &keys()[..1]), Err(Reason::Key));
    // The header names a held key, and another key has signed.
    let forged = stranger().token_of(&signer().header().to_string(), &user_claims().to_string());
    assert_eq!(verified(&forged, &keys()), Err(Reason::Key));
}

#[test]
fn first_step_names_its_reason_also_without_a_key() {
    let wrong = |name, value| signer().token(&with(&user_claims(), name, value));
    for (token, reason) in [
        (wrong("iss", json!("https://other.example.org")), Reason::Issuer),
        (wrong("aud", json!("other")), Reason::Audience),
        (wrong("pos", json!("x")), Reason::Malformed),
        ("no token".to_owned(), Reason::Malformed),
    ] {
        assert_eq!(verified(&token, &[]), Err(reason));
    }
    let token = signer().token(&user_claims());
    let late = verify(&token, &profile(), &keys(), at(EXPIRES + 3_600));
    assert_eq!(late, Err(Reason::Expired));
}
