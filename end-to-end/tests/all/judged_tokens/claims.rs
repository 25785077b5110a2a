//! The claims but for the times (RFC 9068 §2.2).

use end_to_end::token::{with, with_literal, without};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Bench;

/// Values of every JSON type that is not a string, and strings that are no UUID.
const NO_UUID: [&str; 10] = [
    "null",
    "true",
    "0",
    "1.5",
    "[]",
    "{}",
    r#""""#,
    r#""x""#,
    r#""00000000-0000-0000-0000""#,
    r#"["00000000-0000-4000-8000-000000000000"]"#,
];

#[test]
fn the_issuer_is_compared_to_the_letter() {
    let bench = Bench::start();
    let url = bench.pair.auth.url.clone();
    let others = [
        format!("{url}/"),
        url.to_uppercase(),
        url.replace("http:", "https:"),
        url[..url.len() - 1].to_owned(),
        format!("{url}0"),
        format!(" {url}"),
        format!("{url}\u{0}"),
        "http://localhost:8001".into(),
        String::new(),
    ];
    for other in others {
        let token = bench.with_claims(with(&bench.claims, "iss", other.clone()).to_string());
        bench.refuses_as("issuer", &other, &token);
    }
    for literal in [&format!("[\"{url}\"]"), "null", "1", "{}"] {
        bench.refuses(literal, &bench.with_claims(with_literal(&bench.claims, "iss", literal)));
    }
    bench.refuses("no iss", &bench.with_claims(without(&bench.claims, "iss").to_string()));
    bench.accepts_the_good_one();
}

#[test]
fn the_audience_is_ours_alone_or_among_others() {
    let bench = Bench::start();
    for good in [r#""api-service""#, r#"["api-service"]"#, r#"["other","api-service"]"#] {
        bench.accepts(good, &bench.with_claims(with_literal(&bench.claims, "aud", good)));
    }
    let others = [
        r#""api-servic""#,
        r#""api-services""#,
        r#""API-SERVICE""#,
        r#""api-service ""#,
        r#""""#,
        r#"["other"]"#,
        r#""other api-service""#,
        r#""other,api-service""#,
        "[]",
    ];
    for other in others {
        let token = bench.with_claims(with_literal(&bench.claims, "aud", other));
        bench.refuses_as("audience", other, &token);
    }
    let issuer = with(&bench.claims, "aud", bench.pair.auth.url.clone()).to_string();
    bench.refuses_as("audience", "a token for the issuer's own routes", &bench.with_claims(issuer));
    for wrong in [
        "null",
        "1",
        "true",
        r#"{"api-service":1}"#,
        r#"[["api-service"]]"#,
        r#"["api-service",1]"#,
        r#"[{"aud":"api-service"}]"#,
    ] {
        bench.refuses(wrong, &bench.with_claims(with_literal(&bench.claims, "aud", wrong)));
    }
    bench.refuses("no aud", &bench.with_claims(without(&bench.claims, "aud").to_string()));
}

#[test]
fn every_claim_of_the_profile_is_there_and_of_its_type() {
    let bench = Bench::start();
    let names: Vec<String> = bench.claims.as_object().expect("claims").keys().cloned().collect();
    assert_eq!(names.len(), 11, "{names:?}");
    for name in &names {
        let token = bench.with_claims(without(&bench.claims, name).to_string());
        bench.refuses(&format!("without {name}"), &token);
        for literal in ["null", "{}", "true"] {
            let token = bench.with_claims(with_literal(&bench.claims, name, literal));
            bench.refuses(&format!("{name} is {literal}"), &token);
        }
    }
    for name in ["sub", "public_id", "jti", "sid"] {
        for literal in NO_UUID {
            let claims = with_literal(&bench.claims, name, literal);
            bench.refuses(&format!("{name} is {literal}"), &bench.with_claims(claims));
        }
    }
    for (name, literal) in [
        ("pos", "-1"),
        ("pos", r#""1""#),
        ("pos", "[1]"),
        ("pos", "1e400"),
        ("client_id", "1"),
        ("client_id", r#""""#),
        ("roles", r#""user""#),
        ("roles", "[1]"),
        ("roles", r#"{"user":true}"#),
        ("scope", "1"),
        ("scope", r#"["user"]"#),
    ] {
        let token = bench.with_claims(with_literal(&bench.claims, name, literal));
        bench.refuses(&format!("{name} is {literal}"), &token);
    }
    let more = with(&bench.claims, "tenant", json!({"a": [1, null, 1.5e3]}));
    bench.accepts("claims that the profile does not name", &bench.with_claims(more.to_string()));
}

#[test]
fn the_subject_is_a_user_whom_the_directory_knows() {
    let bench = Bench::start();
    let somebody = |id: &str| -> Value { with(&with(&bench.claims, "sub", id), "public_id", id) };
    let nobody = Uuid::new_v4().to_string();
    bench.refuses_as("revoked", "unknown", &bench.forge.mint(&somebody(&nobody)));
    let other = with(&bench.claims, "public_id", nobody.clone());
    bench.refuses("sub and public_id differ", &bench.forge.mint(&other));
    let other = with(&bench.claims, "sub", nobody);
    bench.refuses("sub and public_id differ", &bench.forge.mint(&other));
    bench.accepts_the_good_one();
}

#[test]
fn a_token_is_of_a_user_or_of_a_service_and_never_of_both() {
    let bench = Bench::start();
    let user = &bench.claims;
    let service = [("sub", "reports"), ("client_id", "reports"), ("scope", "directory:read")]
        .iter()
        .fold(user.clone(), |claims, (name, value)| with(&claims, name, *value));
    let service = without(&without(&without(&service, "public_id"), "sid"), "roles");
    // Its kind has no business at /user, but it is a good token.
    let answer = bench.pair.me(&bench.forge.mint(&service)).expect(403);
    assert!(answer.header("www-authenticate").contains(r#"error="insufficient_scope""#));

    for member in ["public_id", "sid", "roles"] {
        let mixed = with(&service, member, user[member].clone());
        bench.refuses(&format!("a service with {member}"), &bench.forge.mint(&mixed));
        let mixed = without(user, member);
        bench.refuses(&format!("a user without {member}"), &bench.forge.mint(&mixed));
    }
    let other = with(&service, "client_id", "others");
    bench.refuses("a service whose sub is not its client_id", &bench.forge.mint(&other));
    let empty = with(&with(&service, "client_id", ""), "sub", "");
    bench.refuses("a service without a name", &bench.forge.mint(&empty));
    bench.accepts_the_good_one();
}
