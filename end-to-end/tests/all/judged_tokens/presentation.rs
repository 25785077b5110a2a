//! How a token is presented, and how one is refused (RFC 6750 §2, §3).

use std::time::Duration;

use end_to_end::connection::exchange;
use end_to_end::token::with;
use serde_json::json;

use super::Bench;

#[track_caller]
fn missing(why: &str, answer: &end_to_end::http::Answer) {
    assert_eq!(answer.status, 401, "{why}: {}", answer.text());
    assert_eq!(answer.header("www-authenticate"), "Bearer", "{why}");
    assert_eq!(answer.json(), json!({"message": "Token is missing !!"}), "{why}");
}

#[test]
fn no_token_is_told_apart_from_a_bad_one() {
    let bench = Bench::start();
    let token = bench.forge.mint(&bench.claims);
    let me = || bench.pair.api.get("/user/me");
    for path in ["/user", "/user/me", &format!("/user/{}", uuid::Uuid::new_v4())] {
        missing(path, &bench.pair.api.get(path).send());
    }
    missing("Basic", &me().basic("ada", &token).send());
    missing("another scheme", &me().header("authorization", format!("DPoP {token}")).send());
    missing("no scheme", &me().header("authorization", &token).send());
    missing("an empty header", &me().header("x-access-token", "").send());
    let query = format!("/user/me?access_token={token}&token={token}&x-access-token={token}");
    missing("in the query", &bench.pair.api.get(&query).send());
    let form = bench.pair.api.request("GET", "/user/me").form(&[("access_token", &token)]);
    missing("in the body", &form.send());
    missing("in a cookie", &me().header("cookie", format!("access_token={token}")).send());
}

#[test]
fn a_token_comes_in_either_header_under_the_scheme_in_any_case() {
    let bench = Bench::start();
    let token = bench.forge.mint(&bench.claims);
    let me = || bench.pair.api.get("/user/me");
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        me().header("authorization", format!("{scheme} {token}")).send().expect(200);
    }
    me().header("X-Access-Token", &token).send().expect(200);
    me().header("x-access-token", &token).bearer(&token).send().expect(200);
    me().header("x-access-token", &token).basic("ada", "x").send().expect(200);
    let bad = me().header("x-access-token", "nonsense").send();
    end_to_end::pair::refused("the older header", "nonsense", &bad);
}

#[test]
fn two_tokens_are_a_bad_request() {
    let bench = Bench::start();
    let one = bench.forge.mint(&bench.claims);
    let two = bench.forge.mint(&with(&bench.claims, "jti", uuid::Uuid::new_v4().to_string()));
    bench.accepts("the other", &two);
    let bearer = |token: &str| ("authorization", format!("Bearer {token}"));
    let older = |token: &str| ("x-access-token", token.to_owned());
    for headers in [
        [bearer(&one), older(&two)],
        [bearer(&one), bearer(&one)],
        [bearer(&one), bearer(&two)],
        [older(&one), older(&one)],
        [older(&one), older(&two)],
        [bearer(&one), ("authorization", "Basic eDp5".into())],
    ] {
        let request =
            headers.iter().fold(bench.pair.api.get("/user/me"), |request, (name, value)| {
                request.header(name, value)
            });
        let answer = request.send().expect(400);
        let challenge = answer.header("www-authenticate");
        assert!(
            challenge.starts_with("Bearer ") && challenge.contains(r#"error="invalid_request""#),
            "{challenge}"
        );
    }
}

#[test]
fn a_refusal_never_repeats_what_was_sent() {
    let bench = Bench::start();
    let marks =
        ["<script>alert(1)</script>", "%0d%0aset-cookie:x=1", "\"; injected=\"1", "\u{e9}x"];
    for mark in marks {
        let answer = bench.pair.api.get("/user/me").header("x-access-token", mark).send();
        assert!(matches!(answer.status, 400 | 401), "{mark}: {}", answer.status);
        let all = format!("{}{}", answer.header_lines().join("\n"), answer.text());
        assert!(!all.contains(mark) && !all.contains("injected"), "{all}");
    }
    let secret = "tell-me-again-what-i-have-said";
    for claim in ["sub", "iss", "aud", "sid", "jti"] {
        let answer = bench.pair.me(&bench.forge.mint(&with(&bench.claims, claim, secret)));
        let all = format!("{}{}", answer.header_lines().join("\n"), answer.text());
        assert!(answer.status == 401 && !all.contains(secret), "{all}");
    }
}

#[test]
fn a_control_character_in_a_token_never_reaches_an_answer() {
    let bench = Bench::start();
    let token = bench.forge.mint(&bench.claims);
    for inside in ["\0", "\n", "\r", "\r\n x: 1", "\u{7f}"] {
        let (head, tail) = token.split_at(20);
        let request = format!(
            "GET /user/me HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {head}{inside}{tail}\r\n\
             connection: close\r\n\r\n"
        );
        let answer = exchange(bench.pair.api.address(), request.as_bytes(), Duration::from_secs(5));
        let statuses = answer.statuses();
        assert!(
            statuses.iter().all(|status| matches!(status, 400 | 401)),
            "{inside:?}: {answer:?}"
        );
        assert!(!answer.text.contains(tail), "{answer:?}");
    }
    bench.accepts_the_good_one();
}

#[test]
fn too_little_right_is_forbidden_and_not_unauthorised() {
    let bench = Bench::start();
    let secret = bench.pair.auth.path("keys/clients/api-service.secret");
    let secret = std::fs::read_to_string(secret).expect("a secret");
    let fields = [("grant_type", "client_credentials"), ("audience", "api-service")];
    let answer = bench.pair.auth.post("/oauth2/token").basic("api-service", secret.trim());
    let body = answer.form(&fields).send().expect(200).json();
    let token = body["access_token"].as_str().expect("a token");
    for path in ["/user", "/user/me"] {
        let answer = bench.pair.api.get(path).bearer(token).send().expect(403);
        let challenge = answer.header("www-authenticate");
        assert!(challenge.contains(r#"error="insufficient_scope""#), "{challenge}");
    }
}
