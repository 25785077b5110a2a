//! Both services check access tokens with the strict verifier. `shared/verifier/tests/verifier`
//! holds the whole table of attacks; one row of each kind here proves that both services use it.

use std::time::Duration;

use serde_json::{Value, json};
use signet_contract::clock::{Clock, SystemClock};
use support::connection::{Tripwire, exchange};
use support::forge::Forge;
use support::http::Answer;
use support::pair::{Pair, good_claims, refused};
use support::token::{encode, with, without};

/// The fault of a token, the word that the refusal holds, and the token.
type Row = (&'static str, &'static str, String);

fn bad_headers(forge: &Forge, claims: &Value, tripwire: &Tripwire) -> Vec<Row> {
    let (header, claims) = (forge.header(), claims.to_string());
    let stranger = Forge::generate(2_048);
    let address = format!("http://{}/keys", tripwire.address);
    let rows = [
        ("RS512", with(&header, "alg", "RS512")),
        ("typ JWT", with(&header, "typ", "JWT")),
        ("crit", with(&header, "crit", json!(["exp"]))),
        ("jku", with(&header, "jku", address)),
        ("jwk", with(&header, "jwk", stranger.jwk())),
        ("kid as a path", with(&header, "kid", "../../etc/passwd")),
    ];
    let mut rows: Vec<Row> = rows
        .map(|(why, header)| (why, "malformed", forge.sign(header.to_string(), &claims)))
        .into();
    let unsigned = with(&header, "alg", "none").to_string();
    let unsigned = format!("{}.{}.", encode(unsigned), encode(&claims));
    let five = [&*with(&header, "alg", "dir").to_string(), "key", "iv", "text", "tag"];
    let of_stranger = stranger.sign(header.to_string(), &claims);
    let good = forge.sign(header.to_string(), &claims);
    rows.extend([
        ("alg none", "malformed", unsigned),
        ("encrypted", "malformed", five.map(encode).join(".")),
        ("padded", "malformed", format!("{good}=")),
        ("signature of another key", "key", of_stranger),
    ]);
    rows
}

fn bad_claims(forge: &Forge, claims: &Value) -> Vec<Row> {
    let now = SystemClock.now().unix_timestamp();
    let at = |iat: i64, exp: i64| with(&with(claims, "iat", iat), "exp", exp).to_string();
    let issuer = format!("{}/", claims["iss"].as_str().expect("an issuer"));
    let text = claims.to_string();
    [
        ("issuer with a slash", "issuer", with(claims, "iss", issuer).to_string()),
        ("other audience", "audience", with(claims, "aud", "other").to_string()),
        ("expired", "expired", at(now - 120, now - 60)),
        ("issued in the future", "future", at(now + 60, now + 600)),
        ("life of two days", "malformed", at(now, now + 2 * 86_400)),
        ("no jti", "malformed", without(claims, "jti").to_string()),
        ("two ids", "malformed", with(claims, "sub", claims["jti"].clone()).to_string()),
        ("sub twice", "malformed", text.replacen('{', r#"{"s\u0075b":"x","#, 1)),
    ]
    .map(|(why, word, claims)| (why, word, forge.sign(forge.header().to_string(), claims)))
    .into()
}

#[test]
fn both_services_refuse_each_kind_of_faulty_token() {
    let pair = Pair::start_forged(&[]);
    let (forge, claims, tripwire) = (Forge::known(), good_claims(&pair), Tripwire::lay());
    let at_issuer = |token: &str| pair.auth.post("/logout").bearer(token).send();
    let rows = [bad_headers(forge, &claims, &tripwire), bad_claims(forge, &claims)].concat();
    for (why, word, token) in &rows {
        let refused_by = |answer: &Answer| {
            let description = refused(why, token, answer);
            assert!(description.contains(word), "{why}: no `{word}` in `{description}`");
        };
        refused_by(&pair.me(token));
        refused_by(&at_issuer(token));
    }
    assert_eq!(tripwire.calls(), 0, "a header leads to no connection");
    pair.accepts("the unchanged token", &forge.mint(&claims));
    at_issuer(&forge.mint(&claims)).expect(204);
}

#[test]
fn deep_and_huge_tokens_take_no_memory() {
    let pair = Pair::start_forged(&[]);
    let (forge, claims) = (Forge::known(), good_claims(&pair).to_string());
    let inside = |extra: &str| claims.replacen('{', &format!("{{\"x\":{extra},"), 1);
    let of = |claims: String| forge.sign(forge.header().to_string(), claims);
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let long = |length| inside(&format!("\"{}\"", "a".repeat(length)));
    let before = pair.api.process().peak_memory_kib();
    for token in [of(inside(&deep)), forge.sign(&deep, &claims), of(long(60_000))] {
        assert!(matches!(pair.me(&token).status, 401 | 431));
    }
    let head = "GET /user/me HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ";
    let request = format!("{head}{}\r\n\r\n", of(long(262_144)));
    let answer = exchange(pair.api.address(), request.as_bytes(), Duration::from_secs(5));
    assert!(answer.statuses().iter().all(|s| matches!(s, 400 | 401 | 413 | 431)), "{answer:?}");
    let grown = pair.api.process().peak_memory_kib() - before;
    assert!(grown < 16 * 1_024, "{grown} KiB more than before");
    pair.accepts("a good token", &of(claims.clone()));
}
