//! The descriptions that clients can read without a token.

use std::collections::BTreeSet;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use api_service::domain::visibility::Visibility;
use serde_json::Value;

use crate::app::{App, token_of, user};

#[actix_web::test]
async fn metadata_names_the_issuer() {
    let app = App::start(&[], Visibility::Everyone).await;
    let request = TestRequest::with_uri("/.well-known/oauth-protected-resource");
    let answer = app.send(request).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    insta::assert_json_snapshot!(answer.json());
}

#[actix_web::test]
async fn api_description_matches_the_committed_one() {
    let app = App::start(&[], Visibility::Everyone).await;
    let answer = app.send(TestRequest::with_uri("/openapi.json")).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    let known = include_str!("../../../docs/openapi/api-service.json");
    assert_eq!(
        answer.json(),
        serde_json::from_str::<Value>(known).unwrap(),
        "run scripts/generate"
    );
    let page = app.send(TestRequest::with_uri("/docs")).await;
    assert_eq!(page.status, 200);
    assert!(
        page.header("content-security-policy").is_some_and(|it| it.contains("script-src 'self'"))
    );
}

/// A guarded route in the description refuses a request without a token. Other routes answer it.
#[actix_web::test]
async fn every_described_route_exists_and_is_guarded() {
    let ann = user("ann");
    let app = App::start(std::slice::from_ref(&ann), Visibility::Everyone).await;
    let description = app.send(TestRequest::with_uri("/openapi.json")).await.json();
    let paths = description["paths"].as_object().expect("paths");
    let mut guarded = BTreeSet::new();
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().expect("operations") {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            let uri = path.replace("{public_id}", &ann.public_id.to_string());
            let request = || TestRequest::with_uri(&uri).method(method.clone());
            let needs_token = operation["security"].as_array().is_some_and(|it| !it.is_empty());
            let bare = app.send(request()).await;
            assert_eq!(bare.status, if needs_token { 401 } else { 200 }, "{method} {path}");
            let token = ("x-access-token", token_of(&ann));
            assert_eq!(
                app.send(request().insert_header(token)).await.status,
                200,
                "{method} {path}"
            );
            if needs_token {
                guarded.insert(path.as_str());
            }
        }
    }
    assert_eq!(guarded, BTreeSet::from(["/user", "/user/me", "/user/{public_id}", "/verify"]));
    assert_eq!(
        description["openapi"].as_str().and_then(|it| it.rsplit_once('.')).map(|it| it.0),
        Some("3.1")
    );
    assert!(!matches!(description["components"]["securitySchemes"], Value::Null));
}
