//! `GET /user`, `/user/me`, `/user/{public_id}`.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use api_service::domain::visibility::Visibility;
use serde_json::json;
use signet_contract::directory::{DirectoryUser, UserState};
use uuid::Uuid;

use crate::app::{App, claims_of, service_token, signed, token_of, user};

const PATHS: [&str; 3] = ["/user", "/user/me", "/user/8c5f9f3e-7f5c-4d39-9a55-0f6a7f2b9a11"];

fn record(user: &DirectoryUser) -> serde_json::Value {
    json!({"public_id": user.public_id, "name": user.name, "email": user.email})
}

#[actix_web::test]
async fn user_reads_list_own_record_and_other_records() {
    let (ann, bob) = (user("ann"), user("bob"));
    let app = App::start(&[ann.clone(), bob.clone()], Visibility::Everyone).await;
    let token = token_of(&ann);
    let list = app.get("/user", &token).await;
    assert_eq!(
        (list.status, list.json()),
        (200, json!({"users": [record(&ann), record(&bob)], "next": null}))
    );
    let me = app.get("/user/me", &token).await;
    assert_eq!((me.status, me.json()), (200, record(&ann)));
    let other = app.get(&format!("/user/{}", bob.public_id), &token).await;
    assert_eq!((other.status, other.json()), (200, record(&bob)));
    for answer in [list, me, other] {
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
}

#[actix_web::test]
async fn token_is_read_from_either_header_only() {
    let ann = user("ann");
    let app = App::start(std::slice::from_ref(&ann), Visibility::Everyone).await;
    let token = token_of(&ann);
    let bearer = ("authorization", format!("Bearer {token}"));
    let me = || TestRequest::with_uri("/user/me");
    assert_eq!(app.send(me().insert_header(bearer.clone())).await.status, 200);
    let body = me()
        .insert_header(("content-type", "application/x-www-form-urlencoded"))
        .set_payload(format!("access_token={token}"));
    let query = TestRequest::with_uri(&format!("/user/me?access_token={token}"));
    for request in [body, query, me()] {
        let answer = app.send(request).await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (401, r#"{"message":"Token is missing !!"}"#)
        );
        let metadata = "https://users.example.org/.well-known/oauth-protected-resource";
        let challenge = format!("Bearer resource_metadata=\"{metadata}\"");
        assert_eq!(answer.header("www-authenticate"), Some(&*challenge));
    }
    let twice = me().insert_header(bearer).insert_header(("x-access-token", "another"));
    assert_eq!(app.send(twice).await.status, 400);
}

#[actix_web::test]
async fn every_user_route_refuses_callers_without_the_right() {
    let ann = user("ann");
    let gone = user("gone");
    let disabled = DirectoryUser { state: UserState::Disabled, ..user("disabled") };
    let demoted = DirectoryUser { roles: vec![], ..user("demoted") };
    let users = [ann.clone(), disabled.clone(), demoted.clone()];
    let app = App::start(&users, Visibility::Everyone).await;
    let mut roleless = claims_of(&ann);
    roleless.roles = Some(vec![]);
    let mut expired = claims_of(&ann);
    (expired.iat, expired.exp) = (expired.iat - 100, expired.iat - 60);
    let mut ahead = claims_of(&ann);
    ahead.pos += 1;
    let with_role = DirectoryUser { roles: vec!["user".into()], ..demoted };
    for path in PATHS {
        for (what, token, status, word) in [
            ("garbage", "garbage".to_owned(), 401, Some("malformed")),
            ("expired", signed(&expired), 401, Some("expired")),
            ("unknown user", token_of(&gone), 401, Some("revoked")),
            ("disabled user", token_of(&disabled), 401, Some("revoked")),
            ("a service", service_token(), 403, Some("insufficient_scope")),
            ("no role in the token", signed(&roleless), 403, Some("insufficient_scope")),
            ("no role in the directory", token_of(&with_role), 403, Some("insufficient_scope")),
        ] {
            let answer = app.get(path, &token).await;
            assert_eq!(answer.status, status, "{what} at {path}: {answer:?}");
            let challenge = answer.header("www-authenticate").unwrap_or_default();
            assert!(word.is_none_or(|word| challenge.contains(word)), "{what}: {challenge}");
            let named = challenge.contains(", resource_metadata=\"https://users.example.org/");
            assert_eq!(named, status == 401, "{what}: {challenge}");
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{what} at {path}");
        }
        // A token newer than the replica is accepted if the replica knows its user.
        assert_ne!(app.get(path, &signed(&ahead)).await.status, 503);
    }
}

#[actix_web::test]
async fn refused_caller_gets_no_parameter_errors() {
    let ann = user("ann");
    let app = App::start(std::slice::from_ref(&ann), Visibility::Everyone).await;
    assert_eq!(app.get("/user?limit=0", "garbage").await.status, 401);
    assert_eq!(app.get("/user?limit=0", &token_of(&ann)).await.status, 422);
    assert_eq!(app.get("/user/nobody", "garbage").await.status, 401);
    assert_eq!(app.get("/user/nobody", &token_of(&ann)).await.status, 404);
}

#[actix_web::test]
async fn unknown_id_is_not_found_in_any_spelling() {
    let ann = user("ann");
    let app = App::start(std::slice::from_ref(&ann), Visibility::Everyone).await;
    for id in [
        Uuid::new_v4().to_string(),
        "1".into(),
        "%00".into(),
        "%ff".into(),
        "a%2Fb".into(),
        "me%20".into(),
    ] {
        let answer = app.get(&format!("/user/{id}"), &token_of(&ann)).await;
        assert_eq!(answer.status, 404, "{id}: {answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
    insta::assert_snapshot!(app.get("/user/nobody", &token_of(&ann)).await.body);
}

#[actix_web::test]
async fn readable_routes_accept_get_and_head_only() {
    let ann = user("ann");
    let app = App::start(std::slice::from_ref(&ann), Visibility::Everyone).await;
    for path in PATHS {
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::TRACE, Method::OPTIONS] {
            let answer = app.send(TestRequest::with_uri(path).method(method.clone())).await;
            assert_eq!(
                (answer.status, answer.header("allow")),
                (405, Some("GET, HEAD")),
                "{method}"
            );
        }
    }
    let head = TestRequest::with_uri("/user/me").method(Method::HEAD);
    let head = app.send(head.insert_header(("x-access-token", token_of(&ann)))).await;
    assert_eq!(head.status, 200);
    let nothing = app.get("/users", &token_of(&ann)).await;
    assert_eq!(
        (nothing.status, nothing.header("content-type")),
        (404, Some("application/problem+json"))
    );
}
