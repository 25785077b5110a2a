//! Access tokens as the issuer makes them (RFC 9068).

use std::collections::BTreeSet;

use serde_json::{Value, json};
use support::forge::thumbprint;
use support::pair::Pair;
use support::token;
use support::user::User;
use uuid::Uuid;

fn members(object: &Value) -> BTreeSet<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn is_uuid(value: &Value) -> bool {
    value.as_str().is_some_and(|text| Uuid::parse_str(text).is_ok())
}

#[test]
fn issued_token_matches_the_contract() {
    let pair = Pair::start();
    let user = User::signed_up(&pair.auth, "Ada Lovelace");
    let token = user.log_in(&pair.auth);
    let (header, claims) = token::read(&token);

    let set = pair.auth.get("/.well-known/jwks.json").send().expect(200).json();
    let key = &set["keys"][0];
    let kid = thumbprint(key["n"].as_str().expect("n"), key["e"].as_str().expect("e"));
    assert_eq!(key["kid"], kid, "the thumbprint of RFC 7638");
    let modulus = token::decode(key["n"].as_str().expect("n"));
    assert!(modulus.len() == 256 && modulus[0] != 0 && key["e"] == "AQAB", "{key}");
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
