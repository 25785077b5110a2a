//! The times of a token, with the guard's leeway of 10 s and its ceiling of 24 h
//! (RFC 7519 §4.1.4–4.1.6).

use std::time::{Duration, Instant};

use end_to_end::poll;
use end_to_end::token::{with, with_literal, without};
use serde_json::{Value, json};
use shared::clock::{Clock, SystemClock};
use time::OffsetDateTime;

use super::Bench;

const NO_TIME: [&str; 14] = [
    "null",
    "true",
    "false",
    "[]",
    "{}",
    r#""""#,
    r#""9999999999""#,
    "[9999999999]",
    "1e400",
    "-1e400",
    "9223372036854775808",
    "18446744073709551616",
    "1e308",
    "NaN",
];

fn now() -> i64 {
    SystemClock.now().unix_timestamp()
}

fn at(claims: &Value, iat: i64, exp: i64) -> Value {
    with(&with(claims, "iat", iat), "exp", exp)
}

#[test]
fn a_token_is_refused_from_the_instant_its_time_and_the_leeway_are_over() {
    let bench = Bench::start();
    let over = at(&bench.claims, now() - 100, now() - 12);
    bench.refuses_as("expired", "12 s over", &bench.forge.mint(&over));
    let now = now();
    let token = bench.forge.mint(&at(&bench.claims, now - 100, now - 3));
    bench.accepts("3 s over, within the leeway of 10 s", &token);
    let end = OffsetDateTime::from_unix_timestamp(now + 7).expect("a time");
    // The guard looks at its clock between the question and the answer, however long that takes.
    poll::until("the leeway ends", Duration::from_secs(20), || {
        let asked = SystemClock.now();
        let status = bench.pair.me(&token).status;
        let answered = SystemClock.now();
        assert!(status != 401 || answered >= end, "refused {} before", end - answered);
        assert!(status == 401 || asked < end, "{status} {} after", asked - end);
        status == 401
    });
    bench.refuses_as("expired", "the verdict is not remembered", &token);
}

#[test]
fn an_expiry_that_is_no_time_is_refused() {
    let bench = Bench::start();
    for literal in NO_TIME.iter().chain(&["0", "-1", "-9223372036854775808", "1"]) {
        let claims = with_literal(&bench.claims, "exp", literal);
        bench.refuses(literal, &bench.with_claims(claims));
    }
    bench.refuses("no exp", &bench.with_claims(without(&bench.claims, "exp").to_string()));
    let fraction = with_literal(&bench.claims, "exp", &format!("{}.75", now() + 60));
    bench.accepts("a fraction of a second", &bench.with_claims(fraction));
}

#[test]
fn a_token_before_its_time_is_refused() {
    let bench = Bench::start();
    let claims = &bench.claims;
    for good in [now() - 3_600, now(), now() + 5] {
        bench.accepts("nbf", &bench.forge.mint(&with(claims, "nbf", good)));
    }
    bench.refuses_as("future", "nbf", &bench.forge.mint(&with(claims, "nbf", now() + 30)));
    for literal in NO_TIME {
        bench.refuses(literal, &bench.with_claims(with_literal(claims, "nbf", literal)));
    }
}

#[test]
fn a_token_of_the_future_or_without_a_birth_is_refused() {
    let bench = Bench::start();
    let claims = &bench.claims;
    let born = |iat: i64| at(claims, iat, now() + 600);
    bench.accepts("a clock that is 5 s ahead", &bench.forge.mint(&born(now() + 5)));
    bench.refuses_as("future", "30 s ahead", &bench.forge.mint(&born(now() + 30)));
    for literal in NO_TIME {
        bench.refuses(literal, &bench.with_claims(with_literal(claims, "iat", literal)));
    }
    bench.refuses("no iat", &bench.with_claims(without(claims, "iat").to_string()));
    let reversed = at(claims, now() + 4, now() + 2);
    bench.refuses("it dies before it is born", &bench.forge.mint(&reversed));
    let fraction = json!(f64::from(u32::try_from(now() - 1).expect("a time")) + 0.5);
    bench.accepts("a fraction of a second", &bench.forge.mint(&with(claims, "iat", fraction)));
}

#[test]
fn a_life_above_the_ceiling_is_refused() {
    let bench = Bench::start();
    let life = |seconds: i64| at(&bench.claims, now() - 10, now() - 10 + seconds);
    bench.accepts("24 h", &bench.forge.mint(&life(86_400)));
    bench.refuses("24 h and a second", &bench.forge.mint(&life(86_401)));
    bench.refuses("a century", &bench.forge.mint(&life(3_155_760_000)));
}

#[test]
fn refusing_takes_no_longer_for_a_time_out_of_reach() {
    let bench = Bench::start();
    let claims = with_literal(&bench.claims, "exp", "1e308");
    let token = bench.with_claims(claims);
    let began = Instant::now();
    bench.refuses("1e308", &token);
    // To count up to it would take for ever.
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}
