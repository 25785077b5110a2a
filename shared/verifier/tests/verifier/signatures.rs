//! Signatures as numbers: as long as the modulus and below it (RFC 8017 §5.2.2, §8.2.2).

use aws_lc_rs::rsa::KeySize;
use num_bigint::BigUint;
use rsa::traits::PublicKeyParts;
use serde_json::json;
use signet_verifier::{Reason, inspect};

use crate::minting::{
    NOW, Signer, assert_refused, assert_taken, at, encode, number, padded, profile, signed_part,
    signer, user_claims, with,
};

fn with_signature(token: &str, signature: &[u8]) -> String {
    format!("{}.{}", signed_part(token), encode(signature))
}

/// Returns an endless iterator of good tokens, each with its signature.
fn tokens() -> impl Iterator<Item = (String, Vec<u8>)> {
    (0_u32..).map(|number| {
        let token = signer().token(&with(&user_claims(), "x", json!(number)));
        let signature = signer().sign(signed_part(&token));
        (token, signature)
    })
}

#[test]
fn the_private_operation_of_the_tests_makes_the_same_signatures() {
    let (token, signature) = tokens().next().expect("a token");
    let e = number(signer().numbers.e());
    let encoded = BigUint::from_bytes_be(&signature).modpow(&e, &signer().modulus);
    let again = signer().sign_encoded(&padded(&encoded, signer().modulus_bytes()));
    assert_eq!(again, signature);
    assert_taken([("again", with_signature(&token, &again))]);
}

#[test]
fn the_edges_of_the_numbers_are_refused() {
    let (token, signature) = tokens().next().expect("a token");
    let (n, one, length) = (&signer().modulus, BigUint::from(1_u8), signer().modulus_bytes());
    let s = BigUint::from_bytes_be(&signature);
    let numbers = [
        ("0", BigUint::from(0_u8)),
        ("1", one.clone()),
        ("2", BigUint::from(2_u8)),
        ("n - 1", n - &one),
        ("n", n.clone()),
        ("n + 1", n + &one),
        ("n - s", n - &s),
        ("s + 1", &s + &one),
        ("s - 1", &s - &one),
        ("2^2048 - 1", (BigUint::from(1_u8) << 2048) - &one),
    ];
    assert_taken([("s", token.clone())]);
    assert_refused(
        numbers.map(|(name, number)| (name, with_signature(&token, &padded(&number, length)))),
        Reason::Key,
    );
}

#[test]
fn a_signature_plus_the_modulus_is_refused() {
    let n = &signer().modulus;
    // The sum is as long as the modulus only if the signature is small enough.
    let (token, sum) = tokens()
        .map(|(token, signature)| (token, BigUint::from_bytes_be(&signature) + n))
        .find(|(_, sum)| sum.bits() <= 2048)
        .expect("a small signature");
    assert_taken([("s", token.clone())]);
    let sum = padded(&sum, signer().modulus_bytes());
    assert_refused([("s + n", with_signature(&token, &sum))], Reason::Key);
}

#[test]
fn a_longer_or_shorter_spelling_of_a_good_signature_is_refused() {
    let (token, signature) = tokens().next().expect("a token");
    assert_taken([("as long as the modulus", token.clone())]);
    let zero_before = [&[0], signature.as_slice()].concat();
    let zero_behind = [signature.as_slice(), &[0]].concat();
    let twice = signature.repeat(2);
    assert_refused(
        [("zero before", zero_before), ("zero behind", zero_behind), ("twice", twice)]
            .map(|(name, signature)| (name, with_signature(&token, &signature))),
        Reason::Key,
    );
    assert_refused(
        [("first byte cut", &signature[1..]), ("last byte cut", &signature[..255]), ("none", &[])]
            .map(|(name, signature)| (name, with_signature(&token, signature))),
        Reason::Malformed,
    );

    let (token, signature) =
        tokens().find(|(_, signature)| signature[0] == 0).expect("one that begins with a zero");
    assert_taken([("with its zero", token.clone())]);
    let cut = with_signature(&token, &signature[1..]);
    assert_refused([("without it", cut)], Reason::Malformed);
}

#[test]
fn a_signature_is_as_long_as_the_modulus_of_its_own_key() {
    let large = Signer::generate(KeySize::Rsa3072);
    let token = large.token(&user_claims());
    let verify = |token: &str| {
        let unverified = inspect(token, &profile(), at(NOW)).expect("good but for its key");
        unverified.verify(&large.public).map(drop)
    };
    assert_eq!(verify(&token), Ok(()));
    let signature = large.sign(signed_part(&token));
    for other in [&signature[..256], &signature[1..], &[&[0], signature.as_slice()].concat()] {
        assert_eq!(verify(&with_signature(&token, other)), Err(Reason::Key));
    }
}

#[test]
fn a_signature_of_other_content_is_refused() {
    let mut tokens = tokens();
    let ((one, _), (another, signature)) =
        (tokens.next().expect("a token"), tokens.next().expect("a token"));
    assert_taken([("one", one.clone()), ("another", another)]);
    assert_refused([("one's content", with_signature(&one, &signature))], Reason::Key);
    let elevated = with(&user_claims(), "roles", json!(["user", "admin"]));
    let header = encode(signer().header().to_string());
    let token = format!("{header}.{}.{}", encode(elevated.to_string()), encode(signature));
    assert_refused([("changed claims", token)], Reason::Key);
}
