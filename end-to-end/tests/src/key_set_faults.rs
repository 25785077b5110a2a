//! The guard's key cache between an issuer that answers wrongly and clients that use unknown keys.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use drills::load::StopOnDrop;
use serde_json::{Value, json};
use support::forge::Forge;
use support::pair::{Pair, good_claims};
use support::poll;
use support::proxy::{Proxy, ProxyAnswer};
use support::token::{encode, with};

/// A pair with the test's key. Its guard reaches the issuer through a proxy, and polls the key set
/// twice per `max_age`.
fn behind_proxy(max_age: &str) -> (Pair, Proxy) {
    let mut pair = Pair::prepare();
    pair.set("AUTH_JWKS_MAX_AGE", max_age);
    pair.import(Forge::known());
    let proxy = pair.put_a_proxy_between();
    pair.run();
    (pair, proxy)
}

fn fetched_again(proxy: &Proxy) {
    let before = proxy.requests();
    poll::until("the key set is fetched", Duration::from_secs(20), || {
        proxy.requests() > before + 1
    });
}

/// `shared/guard/src/keys/fetch_tests.rs` covers the other answers that are not a key set.
#[test]
fn faulty_key_set_answer_removes_no_key() {
    let (pair, proxy) = behind_proxy("1s");
    let token = Forge::known().mint(&good_claims(&pair));
    pair.accepts("before", &token);
    let json = "application/jwk-set+json";
    let key_set = |key: &Value| json!({ "keys": [key] }).to_string();
    let jwk = Forge::known().jwk();
    let endless = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"keys\":[".to_vec();
    let answers = [
        ("no keys", ProxyAnswer::whole("200 OK", json, r#"{"keys":[]}"#)),
        ("no usable key", ProxyAnswer::whole("200 OK", json, key_set(&with(&jwk, "use", "enc")))),
        ("404", ProxyAnswer::whole("404 Not Found", json, key_set(&jwk))),
        ("50 MB", ProxyAnswer::whole("200 OK", json, vec![b' '; 50_000_000])),
        ("endless", ProxyAnswer::Endless(endless)),
        (
            "half",
            ProxyAnswer::Bytes(
                b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"keys\":[]}".to_vec(),
            ),
        ),
        ("silence", ProxyAnswer::Bytes(Vec::new())),
    ];
    for (what, answer) in answers {
        proxy.answer(answer);
        // One fetch may have begun before.
        let before = proxy.requests();
        poll::until(what, Duration::from_mins(1), || {
            pair.accepts(what, &token);
            proxy.requests() >= before + 2
        });
        assert!(pair.api.ready(), "{what}");
        // A correct answer in between keeps the pauses of a failing guard short.
        proxy.answer(ProxyAnswer::True);
        fetched_again(&proxy);
    }
    let peak = pair.api.process().peak_memory_kib();
    assert!(peak < 200 * 1_024, "{peak} KiB at most");
}

#[test]
fn unknown_key_flood_causes_few_fetches_and_delays_no_real_key() {
    let (pair, proxy) = behind_proxy("1h");
    let claims = good_claims(&pair);
    let good = Forge::known().mint(&claims);
    pair.accepts("before", &good);
    let next = Forge::generate(2_048);

    let before = proxy.requests();
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
        // The scope waits for its threads, also after a failure.
        let _ending = StopOnDrop(&found);
        pair.accepts("a known key, in the flood", &good);
        pair.import(&next);
        poll::until("a real new key, in the flood", Duration::from_secs(20), || {
            pair.me(&next.mint(&claims)).status == 200
        });
    });
    // The limit is 2 + t/2, plus the key that the feed announced: once published, once activated.
    let (fetches, took) = (proxy.requests() - before, began.elapsed());
    let most = 2 + took.as_secs().div_ceil(2) + 2;
    assert!(u64::try_from(fetches).expect("few") <= most, "{fetches} fetches in {took:?}");
    pair.accepts("after", &good);
}
