//! The guard's key cache between an issuer that answers wrongly and clients that ask for keys which
//! do not exist.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use end_to_end::drill::load::StopOnDrop;
use end_to_end::forge::Forge;
use end_to_end::pair::{Pair, good_claims};
use end_to_end::poll;
use end_to_end::proxy::{Proxy, ProxyAnswer, Subject};
use end_to_end::token::{encode, with, without};
use serde_json::{Value, json};

/// A pair with the test's key, whose guard reaches its issuer through a proxy; the guard polls the
/// key set twice per `max_age`.
fn behind_proxy(max_age: &str) -> (Pair, Proxy) {
    let mut pair = Pair::prepare();
    pair.set("AUTH_JWKS_MAX_AGE", max_age);
    pair.import(Forge::known());
    let proxy = pair.put_a_proxy_between();
    pair.run();
    (pair, proxy)
}

fn fetched_again(proxy: &Proxy) {
    let before = proxy.requests(Subject::KeySet);
    poll::until("the key set is fetched", Duration::from_secs(20), || {
        proxy.requests(Subject::KeySet) > before + 1
    });
}

#[test]
fn a_wrong_answer_never_takes_a_good_key_away() {
    let (pair, proxy) = behind_proxy("1s");
    let token = Forge::known().mint(&good_claims(&pair));
    pair.accepts("before", &token);
    let json = "application/jwk-set+json";
    let key_set = |key: &Value| json!({ "keys": [key] }).to_string();
    let jwk = Forge::known().jwk();
    let blanks = vec![b' '; 50_000_000];
    let many: Vec<_> = (0..200).map(|n: u32| with(&jwk, "kid", n.to_string())).collect();
    let endless = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"keys\":[".to_vec();
    let answers = [
        ("500", ProxyAnswer::whole("500 Internal Server Error", json, "{}")),
        ("404", ProxyAnswer::whole("404 Not Found", json, key_set(&jwk))),
        ("HTML", ProxyAnswer::whole("200 OK", "text/html", "<html>Welcome to the hotel</html>")),
        ("no JSON", ProxyAnswer::whole("200 OK", json, "{\"keys\":")),
        ("no keys", ProxyAnswer::whole("200 OK", json, r#"{"keys":[]}"#)),
        ("no set", ProxyAnswer::whole("200 OK", json, "[]")),
        ("null", ProxyAnswer::whole("200 OK", json, r#"{"keys":null}"#)),
        ("nothing", ProxyAnswer::whole("200 OK", json, "")),
        ("no usable key", ProxyAnswer::whole("200 OK", json, key_set(&with(&jwk, "use", "enc")))),
        ("200 keys", ProxyAnswer::whole("200 OK", json, json!({ "keys": many }).to_string())),
        ("50 MB", ProxyAnswer::whole("200 OK", json, blanks)),
        ("endless", ProxyAnswer::Endless(endless)),
        (
            "elsewhere",
            ProxyAnswer::Bytes(
                b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\
              connection: close\r\n\r\n"
                    .to_vec(),
            ),
        ),
        (
            "half",
            ProxyAnswer::Bytes(
                b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"keys\":[]}".to_vec(),
            ),
        ),
        ("no HTTP", ProxyAnswer::Bytes(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec())),
        ("silence", ProxyAnswer::Bytes(Vec::new())),
    ];
    for (what, answer) in answers {
        proxy.answer(Subject::KeySet, answer);
        // One fetch may have begun before.
        let before = proxy.requests(Subject::KeySet);
        poll::until(what, Duration::from_mins(1), || {
            pair.accepts(what, &token);
            proxy.requests(Subject::KeySet) >= before + 2
        });
        assert!(pair.api.ready(), "{what}");
        // A true answer in between keeps the pauses of a failing guard short.
        proxy.answer(Subject::KeySet, ProxyAnswer::True);
        fetched_again(&proxy);
    }
    let peak = pair.api.process().peak_memory_kib();
    assert!(peak < 200 * 1_024, "{peak} KiB at most");
}

/// Ways to publish a key so that it may not verify tokens.
fn spoil(jwk: &Value) -> Vec<(&'static str, Value)> {
    let n = jwk["n"].as_str().expect("n");
    let kid = jwk["kid"].clone();
    vec![
        ("a secret", json!({"kty": "oct", "k": encode(b"known to all"), "kid": kid})),
        ("of a curve", json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": kid})),
        ("of a new kind", with(jwk, "kty", "new")),
        ("for encryption", with(jwk, "use", "enc")),
        ("for signing", with(jwk, "key_ops", json!(["sign"]))),
        ("operations that are no list", with(jwk, "key_ops", "verify")),
        ("for RS512", with(jwk, "alg", "RS512")),
        ("for PS256", with(jwk, "alg", "PS256")),
        ("an algorithm that is a list", with(jwk, "alg", json!(["RS256"]))),
        ("exponent 1", with(jwk, "e", "AQ")),
        ("an even exponent", with(jwk, "e", "Ag")),
        ("exponent 3", with(jwk, "e", "Aw")),
        ("a padded modulus", with(jwk, "n", format!("{n}="))),
        ("a modulus that is no text", with(jwk, "n", 5)),
        ("no modulus", without(jwk, "n")),
        ("with its private exponent", with(jwk, "d", "AQAB")),
        ("under another name", with(jwk, "kid", encode([9; 32]))),
    ]
}

#[test]
fn one_bad_key_does_not_cost_the_good_ones_and_is_never_used() {
    let (pair, proxy) = behind_proxy("1s");
    let claims = good_claims(&pair);
    let token = Forge::known().mint(&claims);
    let good = Forge::known().jwk();
    let ways = spoil(&good).len();
    // A key for each way: two of one name would be refused for that alone.
    let strangers: Vec<_> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..ways).map(|_| scope.spawn(|| Forge::generate(2_048))).collect();
        all.into_iter().map(|one| one.join().expect("a key")).collect()
    });
    let (short, doubled) = (Forge::generate(1_024), Forge::generate(2_048));
    let three = Forge::with_exponent(2_048, 3);
    let spoilt = strangers.iter().enumerate().map(|(at, key)| spoil(&key.jwk())[at].clone());
    let (mut names, mut keys): (Vec<_>, Vec<_>) = spoilt.unzip();
    names.extend(["1024 bits", "an honest exponent 3", "the same name twice"]);
    keys.extend([short.jwk(), three.jwk(), doubled.jwk(), with(&doubled.jwk(), "alg", "RS256")]);
    keys.extend([Value::Null, json!([]), json!("key")]);
    // Members that nobody knows are no fault.
    keys.push(with(&good, "x-owner", json!({"team": [1, 2]})));
    let set = |keys: &[Value]| {
        let body = json!({ "keys": keys }).to_string();
        ProxyAnswer::whole("200 OK", "application/json", body)
    };
    proxy.answer(Subject::KeySet, set(&keys));
    fetched_again(&proxy);
    pair.accepts("the good one among the bad", &token);
    std::thread::scope(|scope| {
        for (name, forge) in names.iter().zip(strangers.iter().chain([&short, &three, &doubled])) {
            let (pair, claims) = (&pair, &claims);
            scope.spawn(move || {
                let answer = pair.me(&forge.mint(claims));
                assert!(matches!(answer.status, 401 | 503), "{name}: {}", answer.status);
            });
        }
    });
    assert_eq!(names.len(), strangers.len() + 3);

    // The control: unspoilt, each of them is taken.
    let mut unspoilt: Vec<_> = strangers.iter().map(Forge::jwk).collect();
    unspoilt.extend([good, doubled.jwk()]);
    proxy.answer(Subject::KeySet, set(&unspoilt));
    for (name, forge) in names.iter().zip(&strangers).chain([(&"once", &doubled)]) {
        poll::until(name, Duration::from_secs(10), || pair.me(&forge.mint(&claims)).status == 200);
    }
    pair.accepts("beside them", &token);
}

#[test]
fn a_token_that_no_key_could_make_good_causes_no_fetch() {
    let (pair, proxy) = behind_proxy("1h");
    let claims = good_claims(&pair);
    let forge = Forge::known();
    let stranger = Forge::generate(2_048);
    pair.accepts("before", &forge.mint(&claims));
    let before = proxy.requests(Subject::KeySet);
    for kid in ["", "x", "../../etc/passwd", "' OR 1=1", &encode([7; 31]), &encode([7; 33])] {
        let header = with(&forge.header(), "kid", kid).to_string();
        pair.refuses(kid, &forge.sign(header, claims.to_string()));
    }
    for (name, value) in [
        ("iss", json!("http://other.example")),
        ("aud", json!("other")),
        ("exp", json!(1)),
        ("iat", json!(99_999_999_999_u64)),
        ("sub", json!("nobody")),
    ] {
        pair.refuses(name, &stranger.mint(&with(&claims, name, value)));
    }
    assert_eq!(proxy.requests(Subject::KeySet), before, "junk costs the issuer nothing");
    let answer = pair.me(&stranger.mint(&claims));
    assert!(matches!(answer.status, 401 | 503), "{}", answer.status);
    assert!(proxy.requests(Subject::KeySet) > before, "the control: an unknown key is looked for");
}

#[test]
fn a_key_that_left_the_set_verifies_no_more() {
    let (pair, proxy) = behind_proxy("1s");
    let claims = good_claims(&pair);
    let stranger = Forge::generate(2_048);
    let token = stranger.mint(&claims);
    let set = |keys: Value| {
        ProxyAnswer::whole("200 OK", "application/json", json!({ "keys": keys }).to_string())
    };
    let good = Forge::known().jwk();
    proxy.answer(Subject::KeySet, set(json!([good, stranger.jwk()])));
    poll::until("published", Duration::from_secs(10), || pair.me(&token).status == 200);
    proxy.answer(Subject::KeySet, set(json!([good])));
    poll::until("taken away", Duration::from_secs(10), || pair.me(&token).status != 200);
    pair.refuses_as("key", "the key is gone, its remembered verdict too", &token);
    pair.accepts("the other key", &Forge::known().mint(&claims));
}

#[test]
fn a_flood_of_unknown_keys_costs_a_handful_of_fetches_and_hides_no_real_one() {
    let (pair, proxy) = behind_proxy("1h");
    let claims = good_claims(&pair);
    let good = Forge::known().mint(&claims);
    pair.accepts("before", &good);
    let next = Forge::generate(2_048);

    let before = proxy.requests(Subject::KeySet);
    let began = Instant::now();
    let flood = Duration::from_secs(6);
    let found = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for worker in 0..4_u32 {
            let (pair, claims, found) = (&pair, &claims, &found);
            scope.spawn(move || {
                let forge = Forge::known();
                let mut round = 0_u32;
                while began.elapsed() < flood || !found.load(Ordering::SeqCst) {
                    let kid =
                        encode([worker.to_be_bytes(), round.to_be_bytes()].concat().repeat(4));
                    let header = with(&forge.header(), "kid", kid).to_string();
                    let token = forge.sign(header, claims.to_string());
                    let answer = pair.me(&token);
                    assert!(matches!(answer.status, 401 | 503), "{}", answer.status);
                    if answer.status == 503 {
                        answer.problem(503);
                    }
                    round += 1;
                }
            });
        }
        // However this ends: the scope waits for its threads.
        let _ending = StopOnDrop(&found);
        pair.accepts("a known key, in the flood", &good);
        pair.import(&next);
        poll::until("a real new key, in the flood", Duration::from_secs(20), || {
            pair.me(&next.mint(&claims)).status == 200
        });
    });
    // At most 2 + t/2, and what the feed announced: one key published and made active.
    let (fetches, took) = (proxy.requests(Subject::KeySet) - before, began.elapsed());
    let most = 2 + took.as_secs().div_ceil(2) + 2;
    assert!(u64::try_from(fetches).expect("few") <= most, "{fetches} fetches in {took:?}");
    pair.accepts("after", &good);
}
