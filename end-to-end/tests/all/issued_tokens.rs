//! Access tokens as the issuer makes them (RFC 9068).

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use end_to_end::forge::thumbprint;
use end_to_end::pair::Pair;
use end_to_end::token;
use end_to_end::user::{User, token_of};
use serde_json::{Value, json};
use uuid::Uuid;

fn members(object: &Value) -> BTreeSet<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn is_uuid(value: &Value) -> bool {
    value.as_str().is_some_and(|text| Uuid::parse_str(text).is_ok())
}

#[test]
fn a_token_has_the_header_the_claims_and_the_spelling_of_the_contract() {
    let pair = Pair::start();
    let user = User::signed_up(&pair.auth, "Ada Lovelace");
    let token = user.log_in(&pair.auth);
    let (header, claims) = token::read(&token);

    let set = pair.auth.get("/.well-known/jwks.json").send().expect(200).json();
    let key = &set["keys"][0];
    let kid = thumbprint(key["n"].as_str().expect("n"), key["e"].as_str().expect("e"));
    assert_eq!(key["kid"], kid, "the thumbprint of RFC 7638");
    assert_eq!(header, json!({"alg": "RS256", "typ": "at+jwt", "kid": kid}));

    let expected =
        ["iss", "sub", "public_id", "aud", "iat", "exp", "jti", "sid", "client_id", "roles", "pos"];
    assert_eq!(members(&claims), BTreeSet::from(expected));
    assert_eq!(claims["iss"], pair.auth.url);
    assert_eq!(claims["aud"], "api-service");
    assert_eq!(claims["client_id"], "first-party");
    assert_eq!(claims["roles"], json!(["user"]));
    assert_eq!(claims["sub"], claims["public_id"]);
    for id in ["sub", "jti", "sid"] {
        assert!(is_uuid(&claims[id]), "{id} is a UUID: {claims}");
    }
    for number in ["iat", "exp", "pos"] {
        assert!(claims[number].is_u64(), "{number} is an integer: {claims}");
    }
    assert_eq!(claims["exp"].as_u64(), claims["iat"].as_u64().map(|iat| iat + 1_800));

    assert!(token.len() < 2_048, "{} bytes", token.len());
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    assert!(token.chars().all(allowed), "{token}");
    for private in [&user.name, &user.email, &user.password] {
        assert!(!claims.to_string().contains(private.as_str()), "{claims}");
    }
}

#[test]
fn tokens_and_sessions_have_an_id_each() {
    let pair = Pair::start();
    let user = User::signed_up(&pair.auth, "Ada");
    let tokens: Vec<_> = (0..10).map(|_| token::claims(&user.log_in(&pair.auth))).collect();
    for id in ["jti", "sid"] {
        let all: BTreeSet<_> = tokens.iter().map(|claims| claims[id].to_string()).collect();
        assert_eq!(all.len(), tokens.len(), "{id}");
    }
    let subjects: BTreeSet<_> = tokens.iter().map(|claims| claims["sub"].to_string()).collect();
    assert_eq!(subjects.len(), 1);
}

#[test]
fn the_life_of_a_token_and_its_audiences_are_settings() {
    let pair = Pair::start_with(&[
        ("AUTH_ACCESS_TOKEN_TTL", "90s"),
        ("AUTH_AUDIENCE", "orders,api-service"),
    ]);
    let user = User::signed_up(&pair.auth, "Ada");
    let answer = user.try_login(&pair.auth).expect(201);
    let claims = token::claims(&token_of(&answer));
    assert_eq!(answer.json()["expires_in"], 90);
    assert_eq!(claims["exp"].as_u64(), claims["iat"].as_u64().map(|iat| iat + 90));
    assert_eq!(claims["aud"], "orders", "the first of the list, if none is asked for");
    for audience in ["api-service", "orders", &pair.auth.url] {
        let claims = token::claims(&user.log_in_for(&pair.auth, audience));
        assert_eq!(claims["aud"], audience);
    }
    for other in ["elsewhere", "api-servic", "API-SERVICE"] {
        let body = json!({"email": user.email, "password": user.password, "audience": other});
        let problem = pair.auth.post("/login").json(&body).send().problem(422);
        assert!(problem["errors"]["audience"].is_array(), "{problem}");
    }
}

#[test]
fn openssl_verifies_a_token_with_the_exported_key() {
    let pair = Pair::start();
    let token = User::signed_up(&pair.auth, "Ada").log_in(&pair.auth);
    let pem = pair.auth.command(&["keys", "export-public", "--format", "pem"]).done().out;
    let (input, signature) = token.rsplit_once('.').expect("a signature");
    let verdict = |input: &str| {
        let write = |name: &str, content: &[u8]| {
            let path = pair.folder().join(name);
            fs::write(&path, content).expect("written");
            path
        };
        let (pem, input, signature) = (
            write("key.pem", pem.as_bytes()),
            write("input", input.as_bytes()),
            write("signature", &token::decode(signature)),
        );
        let openssl = Command::new("openssl")
            .args(["dgst", "-sha256", "-verify"])
            .args([
                pem.as_os_str(),
                "-signature".as_ref(),
                signature.as_os_str(),
                input.as_os_str(),
            ])
            .output()
            .expect("openssl runs");
        openssl.status.success()
    };
    assert!(verdict(input), "the token");
    assert!(!verdict(&format!("{input}A")), "another text");
}
