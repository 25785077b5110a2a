//! Schemathesis: thousands of requests, valid and invalid, that it makes from the API descriptions.
//! Every answer has to agree with the description. `end-to-end/clients/schemathesis_hooks.py` names
//! the exceptions.

use std::fs;

use serde_json::{Value, json};
use support::outside;
use support::pair::Pair;
use support::user::User;

/// A pair without limits for failures: Schemathesis knows no passwords.
fn pair() -> Pair {
    Pair::start_with(&[
        ("AUTH_LOGIN_FAILURES_PER_ACCOUNT", "off"),
        ("AUTH_LOGIN_FAILURES_PER_ADDRESS", "off"),
    ])
}

fn callers(pair: &Pair) -> Value {
    let caller = |user: User| {
        let public_id = user.public_id(&pair.auth);
        json!({"public_id": public_id, "email": user.email, "password": user.password})
    };
    // The account of this user may end.
    User::signed_up(&pair.auth, "Bob");
    let secret = pair.auth.path("keys/clients/api-service.secret");
    let secret = fs::read_to_string(secret).expect("a secret");
    json!({
        "issuer": pair.auth.url,
        "admin": caller(User::admin(&pair.auth, "Root")),
        "user": caller(User::signed_up(&pair.auth, "Ann")),
        "client": {"client_id": "api-service", "client_secret": secret.trim()},
    })
}

#[test]
fn issuer_answers_as_its_description_says() {
    let pair = pair();
    let url = format!("{}/openapi.json", pair.auth.url);
    outside::schemathesis(&url, &[], &callers(&pair), pair.folder());
}

#[test]
fn guard_answers_as_its_description_says() {
    let pair = pair();
    let url = format!("{}/openapi.json", pair.api.url);
    outside::schemathesis(&url, &[], &callers(&pair), pair.folder());
}

#[test]
fn both_services_answer_strangers_as_their_descriptions_say() {
    let pair = pair();
    for service in [&pair.auth, &pair.api] {
        let url = format!("{}/openapi.json", service.url);
        // Without a token, every operation that requires one is `401`.
        let strangers = ["--phases", "coverage", "--warnings", "off"];
        outside::schemathesis(&url, &strangers, &json!({}), pair.folder());
    }
}
