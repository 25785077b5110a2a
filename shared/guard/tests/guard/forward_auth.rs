//! Tests of forward authentication, with and without a directory.

use std::sync::Arc;

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use signet_guard::forward_auth::{BadRule, Refused};
use signet_guard::{FileStore, Guard};
use signet_verifier::{Reason, Refusal};

use super::setup::{ANN, BOB, PHONE, Setup};
use super::tokens::{AUDIENCE, keys};

fn bearer(token: &str) -> HeaderMap {
    let value = HeaderValue::from_str(&format!("Bearer {token}")).expect("ASCII");
    HeaderMap::from_iter([(AUTHORIZATION, value)])
}

async fn without_directory(setup: &Setup) -> Guard {
    let store = FileStore::open(setup.state_file()).expect("a store");
    let guard = setup.guard_on(Arc::new(store)).await;
    setup.caught_up(&guard).await;
    guard
}

#[actix_web::test]
async fn guard_without_a_directory_names_the_caller_by_the_token() {
    let setup = Setup::new();
    let guard = without_directory(&setup).await;
    let token = setup.user(ANN, PHONE, &["user", "admin"]);
    let passed = guard.forward_auth("role=admin", &bearer(&token)).await.expect("passed");
    let id = ANN.to_string();
    assert_eq!(
        passed.values("", ""),
        [&*id, "first-party", AUDIENCE, "", "user,admin", "", ""].map(str::to_owned)
    );
    let tokens = setup.token(&keys()[0], setup.position());
    let service = tokens.service_with_scope("reports", "a b");
    let passed = guard.forward_auth("", &bearer(&service)).await.expect("passed");
    let values = ["reports", "reports", AUDIENCE, "a b", "", "", ""].map(str::to_owned);
    assert_eq!(passed.values("", ""), values);
}

#[actix_web::test]
async fn directory_takes_roles_away() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let token = setup.user(BOB, PHONE, &["user", "admin"]);
    let passed = guard.forward_auth("", &bearer(&token)).await.expect("passed");
    let values = passed.values("B\u{f6}b %\n", "bob@example.org");
    let tail = ["user", "B%C3%B6b %25%0A", "bob@example.org"].map(str::to_owned);
    assert_eq!(values[4..], tail);
    let refused = guard.forward_auth("role=admin", &bearer(&token)).await.expect_err("refused");
    assert_eq!(refused, Refused::Caller(Refusal::Forbidden { scope: None }));
}

#[actix_web::test]
async fn answers_are_those_that_every_proxy_understands() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let token = setup.user(ANN, PHONE, &["user"]);
    let mut two = bearer(&setup.user(ANN, PHONE, &["user"]));
    two.insert(HeaderName::from_static("x-access-token"), HeaderValue::from_static("other"));
    let bad = bearer("junk");
    for (query, headers, refused, refusal) in [
        ("", HeaderMap::new(), Refused::Caller(Refusal::Missing), Refusal::Missing),
        ("", two, Refused::Caller(Refusal::Ambiguous), Refusal::Invalid(Reason::Malformed)),
        (
            "name=ann",
            bad,
            Refused::Caller(Refusal::Invalid(Reason::Malformed)),
            Refusal::Invalid(Reason::Malformed),
        ),
        (
            "name=ann",
            bearer(&token),
            Refused::Rule(BadRule::Unknown),
            Refusal::Forbidden { scope: None },
        ),
    ] {
        let judged = guard.forward_auth(query, &headers).await.expect_err("refused");
        assert_eq!((&judged, judged.refusal()), (&refused, refusal), "{query}");
        assert!([401, 403, 503].contains(&judged.refusal().status()));
    }
}
