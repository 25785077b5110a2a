//! The outer shape of a token: three parts, neither huge nor deep nor encrypted (RFC 7519 §7.2).

use std::time::{Duration, Instant};

use end_to_end::connection::exchange;
use end_to_end::token::{encode, with};
use serde_json::json;

use super::Bench;

/// Debug builds beside other tests, on a machine that may stand still for a moment: the bound is for
/// what grows with the input, which takes minutes, not for speed.
const QUICK: Duration = Duration::from_secs(10);

#[test]
fn only_three_parts_make_a_token() {
    let bench = Bench::start();
    let good = bench.forge.mint(&bench.claims);
    let parts: Vec<&str> = good.split('.').collect();
    let tokens = [
        parts[0].to_owned(),
        parts[..2].join("."),
        format!("{good}."),
        format!(".{good}"),
        format!("{good}.{}", parts[2]),
        format!("{good}.{}.{}", parts[1], parts[2]),
        format!("{}..{}", parts[0], parts[2]),
        "..".into(),
        ".".repeat(10_000),
        "x".into(),
        "null".into(),
    ];
    for token in tokens {
        let shown = token.chars().take(40).collect::<String>();
        bench.refuses_as("malformed", &shown, &token);
    }
    bench.accepts_the_good_one();
}

#[test]
fn json_serialisations_and_mixtures_of_both_forms_are_refused() {
    let bench = Bench::start();
    let good = bench.forge.mint(&bench.claims);
    let parts: Vec<&str> = good.split('.').collect();
    let flat = json!({"protected": parts[0], "payload": parts[1], "signature": parts[2]});
    let general = json!({"payload": parts[1],
        "signatures": [{"protected": parts[0], "signature": parts[2]}]});
    let polyglot = json!({"protected": parts[0], "payload": parts[1], "signature": parts[2],
        "x": good});
    let inside_out = format!(r#"{{" {}.{}.":0,"protected":"x"}}.{}"#, parts[0], parts[1], parts[2]);
    for token in [flat.to_string(), general.to_string(), polyglot.to_string(), inside_out] {
        bench.refuses(&token, &token);
    }
    bench.accepts_the_good_one();
}

#[test]
fn encrypted_tokens_are_refused_without_trying() {
    let bench = Bench::start();
    let (header, claims) = (bench.forge.header(), bench.claims.to_string());
    let five = |header: &serde_json::Value| {
        let parts = [header.to_string(), "key".into(), "iv".into(), claims.clone(), "tag".into()];
        parts.map(encode).join(".")
    };
    let with_alg = |alg: &str| with(&with(&header, "alg", alg), "enc", "A256GCM");
    let headers = [
        with_alg("dir"),
        with_alg("RSA-OAEP"),
        with_alg("RSA-OAEP-256"),
        with_alg("RSA1_5"),
        with(&with(&with_alg("PBES2-HS256+A128KW"), "p2c", 2_147_483_648_u64), "p2s", "AAAA"),
        with(&with_alg("dir"), "zip", "DEF"),
    ];
    for header in headers {
        let began = Instant::now();
        bench.refuses("five parts", &five(&header));
        bench.refuses("three parts", &bench.with_header(header.to_string()));
        assert!(began.elapsed() < QUICK, "{:?}", began.elapsed());
    }
}

#[test]
fn deep_and_huge_tokens_cost_nothing() {
    let bench = Bench::start();
    let claims = bench.claims.to_string();
    let inside = |extra: &str| format!("{},\"x\":{extra}}}", &claims[..claims.len() - 1]);
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let objects = format!("{}1{}", r#"{"a":"#.repeat(8_000), "}".repeat(8_000));
    let header = bench.forge.header().to_string();
    let long_header = format!("{},\"x\":\"{}\"}}", &header[..header.len() - 1], "a".repeat(65_536));

    let before = bench.pair.api.process().peak_memory_kib();
    let began = Instant::now();
    let mut looked = 0_u32;
    for token in [
        bench.with_claims(inside(&deep)),
        bench.with_claims(inside(&objects)),
        bench.with_claims(deep.clone()),
        bench.with_header(&deep),
        bench.with_header(&long_header),
        bench.with_claims(inside(&format!("\"{}\"", "a".repeat(60_000)))),
    ] {
        let answer = bench.pair.me(&token);
        assert!(matches!(answer.status, 401 | 431), "{}: {}", answer.status, answer.text());
        looked += 1;
    }
    assert!(began.elapsed() < QUICK * looked, "{:?}", began.elapsed());
    // Larger than any request head may be: the connection itself ends.
    let huge = bench.with_claims(inside(&format!("\"{}\"", "a".repeat(262_144))));
    let request =
        format!("GET /user/me HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {huge}\r\n\r\n");
    let answer = exchange(bench.pair.api.address(), request.as_bytes(), Duration::from_secs(5));
    assert!(
        answer.statuses().iter().all(|status| matches!(status, 400 | 401 | 413 | 431)),
        "{answer:?}"
    );
    let grown = bench.pair.api.process().peak_memory_kib() - before;
    assert!(grown < 16 * 1_024, "{grown} KiB more than before");
    bench.accepts_the_good_one();
}
