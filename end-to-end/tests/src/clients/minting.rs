//! Tokens that `PyJWT` and Authlib mint with the imported private key. They are accepted if every
//! claim is right, and refused for each wrong one.

use serde_json::{Map, Value, json};
use support::forge::Forge;
use support::pair::{Pair, good_claims};
use support::token::{with, without};
use support::{outside, token};

/// The fault of a token, the word for it in the refusal, and the token's header and claims.
type Case = (&'static str, &'static str, Value, Value);

fn wrong_ones(header: &Value, good: &Value) -> Vec<Case> {
    let now = good["iat"].as_i64().expect("a time");
    let claims: [(&str, &str, Value); 5] = [
        ("an issuer with a slash more", "issuer", with(good, "iss", issuer_and_slash(good))),
        ("another audience", "audience", with(good, "aud", "another-service")),
        ("expired", "expired", with(&with(good, "iat", now - 120), "exp", now - 60)),
        ("issued tomorrow", "future", later(good, 86_400)),
        ("no session", "malformed", without(good, "sid")),
    ];
    let mut cases: Vec<Case> =
        claims.into_iter().map(|(why, word, claims)| (why, word, header.clone(), claims)).collect();
    let stranger = Forge::generate(2_048).kid;
    cases.push(("typ JWT", "malformed", with(header, "typ", "JWT"), good.clone()));
    cases.push(("an unknown kid", "key", with(header, "kid", stranger), good.clone()));
    cases
}

fn issuer_and_slash(good: &Value) -> String {
    format!("{}/", good["iss"].as_str().expect("an issuer"))
}

fn later(good: &Value, seconds: i64) -> Value {
    let moved = |name: &str| good[name].as_i64().expect("a time") + seconds;
    with(&with(good, "iat", moved("iat")), "exp", moved("exp"))
}

fn minted_by(script: &str) {
    let pair = Pair::start_forged(&[]);
    let forge = Forge::known();
    let (header, good) = (forge.header(), good_claims(&pair));
    let cases = wrong_ones(&header, &good);
    let mut asked = Map::new();
    asked.insert("good".into(), json!({"header": header, "claims": good}));
    for (why, _, header, claims) in &cases {
        asked.insert((*why).into(), json!({"header": header, "claims": claims}));
    }
    let minted = outside::python(script, &json!({"key": forge.private_pem(), "tokens": asked}));
    let token = |name: &str| minted[name].as_str().expect("a token");

    assert_eq!(token::read(token("good")), (header, good), "the library signs what it was given");
    pair.accepts("a token with our claims", token("good"));
    for (why, word, _, _) in &cases {
        pair.refuses_as(word, why, token(why));
    }
}

#[test]
fn a_token_minted_by_pyjwt_is_judged_by_its_claims() {
    minted_by("mint_pyjwt.py");
}

#[test]
fn a_token_minted_by_authlib_is_judged_by_its_claims() {
    minted_by("mint_authlib.py");
}
