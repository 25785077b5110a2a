//! The header: exactly `alg`, `typ`, `kid`. No member offers a key or changes the signed content.

use serde_json::{Value, json};
use signet_verifier::{Reason, inspect};

use crate::minting::{
    NOW, assert_refused, assert_taken, at, encode, profile, signer, stranger, user_claims, with,
    without,
};

fn token(header: &Value) -> String {
    signer().token_of(&header.to_string(), &user_claims().to_string())
}

#[test]
fn every_member_beyond_the_three_is_refused() {
    let header = signer().header();
    assert_taken([("the three", token(&header))]);
    let extra = [
        ("jwk", stranger().jwk()),
        ("jwk", signer().jwk()),
        ("jku", json!("http://127.0.0.1:1/jwks.json")),
        ("x5u", json!("http://127.0.0.1:1/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("AAAA")),
        ("x5t#S256", json!("AAAA")),
        ("crit", json!(["exp"])),
        ("crit", json!(["b64"])),
        ("crit", json!([])),
        ("crit", json!(null)),
        ("crit", json!("b64")),
        ("crit", json!({})),
        ("crit", json!(["http://example.org/unknown"])),
        ("b64", json!(false)),
        ("b64", json!(true)),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
        ("cty", json!("JWT")),
        ("p2c", json!(2_147_483_647)),
        ("epk", json!({})),
        ("Alg", json!("none")),
        ("ALG", json!("none")),
        ("KID", json!("other")),
        ("iss", json!("http://localhost:8001")),
        ("nonce", json!("1")),
        ("", json!("")),
    ];
    assert_refused(
        extra.into_iter().map(|(name, value)| {
            let header = with(&header, name, value);
            let token = token(&header);
            (header, token)
        }),
        Reason::Malformed,
    );
}

#[test]
fn a_payload_that_is_not_encoded_is_refused() {
    let signer = signer();
    let header = with(&with(&signer.header(), "b64", json!(false)), "crit", json!(["b64"]));
    let claims = user_claims().to_string();
    let unencoded = signer.token_of_parts(&encode(header.to_string()), &claims);
    let detached = signer.token_of_parts(&encode(signer.header().to_string()), "");
    assert_refused([("b64", unencoded), ("detached", detached)], Reason::Malformed);
}

#[test]
fn only_access_token_types_are_taken() {
    let header = signer().header();
    let of_type = |typ: &str| (typ.to_owned(), token(&with(&header, "typ", json!(typ))));
    assert_taken(
        [
            "at+jwt",
            "AT+JWT",
            "At+Jwt",
            "application/at+jwt",
            "Application/At+Jwt",
            "APPLICATION/AT+JWT",
        ]
        .map(of_type),
    );
    let others = "JWT|jwt|application/jwt|at+jwt |at jwt|at-jwt|at|logout+jwt|dpop+jwt|secevent+jwt|\
        token-introspection+jwt|client-authentication+jwt|rt+jwt|id+jwt|text/at+jwt|\
        application/application/at+jwt|at+jwt;v=1||application/";
    assert_refused(others.split('|').map(of_type), Reason::Malformed);
    for typ in [json!(null), json!(1), json!(["at+jwt"]), json!({"at+jwt": true})] {
        assert_refused([(&typ, token(&with(&header, "typ", typ.clone())))], Reason::Malformed);
    }
    assert_refused([("no typ", token(&without(&header, "typ")))], Reason::Malformed);
}

#[test]
fn kid_of_another_form_is_refused_before_key_lookup() {
    let header = signer().header();
    let kid = signer().kid();
    let kids = [
        json!(null),
        json!(1),
        json!([kid]),
        json!({"kid": kid}),
        json!(""),
        json!("1"),
        json!("k".repeat(8_192)),
        json!("../../../../../../../../dev/null"),
        json!("/etc/passwd"),
        json!("' OR 1=1; DROP TABLE keys; --"),
        json!("http://127.0.0.1:1/jwks.json"),
        json!(format!("{kid}\0")),
        json!(format!("{kid}=")),
        json!(format!(" {kid}")),
        json!(format!("{kid}A")),
        json!(kid[1..]),
        json!(format!("+{}", &kid[1..])),
        json!(format!("\0{}", &kid[1..])),
        // The last character has unused bits.
        json!(format!("{}t", &kid[..42])),
        json!(format!("{}+", &kid[..42])),
        json!(format!("{}é", &kid[..41])),
    ];
    assert_refused(
        kids.into_iter().map(|kid| {
            let header = with(&header, "kid", kid);
            let token = token(&header);
            (header, token)
        }),
        Reason::Malformed,
    );
    assert_refused([("no kid", token(&without(&header, "kid")))], Reason::Malformed);
    assert_taken([("ours", token(&header))]);
}

#[test]
fn well_formed_unknown_kid_asks_for_keys() {
    let swapped: String = signer().kid().chars().rev().collect();
    let swapped = format!("A{}A", &swapped[1..42]);
    let header = with(&signer().header(), "kid", json!(swapped));
    assert_refused([("unknown", token(&header))], Reason::Key);
    assert_refused([("another issuer's", stranger().token(&user_claims()))], Reason::Key);
}

#[test]
fn a_key_is_never_used_for_a_token_that_names_another() {
    let token = stranger().token(&user_claims());
    let unverified = inspect(&token, &profile(), at(NOW)).expect("good but for its key");
    assert_eq!(unverified.kid(), stranger().kid());
    assert_eq!(unverified.verify(&signer().public), Err(Reason::Key));

    // The same holds if the token has a good signature of the other key.
    let header = stranger().header().to_string();
    let token = signer().token_of(&header, &user_claims().to_string());
    let unverified = inspect(&token, &profile(), at(NOW)).expect("good but for its key");
    assert_eq!(unverified.verify(&signer().public), Err(Reason::Key));

    // The reverse: our `kid`, with a good signature of another key.
    let header = signer().header().to_string();
    let token = stranger().token_of(&header, &user_claims().to_string());
    assert_refused([("signed by a stranger", token)], Reason::Key);
}
