//! Another implementation's opinion: `jsonwebtoken`, with its own reader and its own way to the
//! key, takes every token that we take and refuses every signature that we refuse.

use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::{Value, json};
use shared::verifier::{PublicKey, thumbprint};

use crate::minting::{
    encode, judge, service_claims, signed_part, signer, stranger, user_claims, with,
};

fn other_opinion(token: &str) -> Option<Value> {
    let jwk = signer().public.to_jwk();
    let key = DecodingKey::from_rsa_components(&jwk.n, &jwk.e).expect("a key");
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_issuer(&["http://localhost:8001"]);
    validation.set_audience(&["api-service"]);
    // Its times come from the machine's clock.
    validation.validate_exp = false;
    decode::<Value>(token, &key, &validation).ok().map(|data| data.claims)
}

#[test]
fn both_take_good_tokens_and_read_the_same() {
    for claims in
        [user_claims(), service_claims(), with(&user_claims(), "aud", json!(["x", "api-service"]))]
    {
        let token = signer().token(&claims);
        let ours = judge(&token).expect("a good token");
        let theirs = other_opinion(&token).expect("a good token");
        assert_eq!(theirs, claims);
        assert_eq!(theirs["jti"], json!(ours.jti));
        assert_eq!(theirs["exp"], json!(ours.expires_at.unix_timestamp()));
    }
}

#[test]
fn both_refuse_bad_signatures() {
    let good = signer().token(&user_claims());
    let foreign = stranger().sign(signed_part(&good));
    let mut flipped = signer().sign(signed_part(&good));
    flipped[100] ^= 1;
    for signature in [foreign, flipped] {
        let token = format!("{}.{}", signed_part(&good), encode(signature));
        assert!(judge(&token).is_err());
        assert!(other_opinion(&token).is_none());
    }
}

#[test]
fn both_compute_the_same_thumbprint() {
    let jwk: Jwk = serde_json::from_value(signer().jwk()).expect("a JWK");
    assert_eq!(jwk.thumbprint(ThumbprintHash::SHA256).expect("a thumbprint"), signer().kid());
}

/// RFC 7638 §3.1's key and thumbprint.
#[test]
fn the_example_of_rfc_7638_has_its_thumbprint() {
    let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_\
        BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2Qvz\
        qY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM\
        4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    let expected = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
    assert_eq!(thumbprint(n, "AQAB"), expected);
    let key = PublicKey::from_jwk(&json!({"kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256"}));
    assert_eq!(key.expect("a key").kid(), expected);
}
