//! Calls every route of the API description with callers that may not use it. A new route is
//! covered here without another line.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::{Value, json};

use super::openapi::described;
use super::server::{Answer, ISSUER, Server};

/// The callers that may use a route, from its description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guarded {
    No,
    Client,
    Session,
    Admin,
}

fn guarded(operation: &Value) -> Guarded {
    let ways = operation["security"].as_array();
    // Some clients of an OAuth route have no secret.
    let Some(ways) = ways.filter(|ways| !ways.contains(&json!({}))) else { return Guarded::No };
    let named = |name: &str| ways.iter().any(|way| way.get(name).is_some());
    match (named("client"), named("session"), named("admin")) {
        (true, false, false) => Guarded::Client,
        (false, true, false) => Guarded::Session,
        (false, false, true) => Guarded::Admin,
        other => panic!("guarded in no known way: {other:?} {ways:?}"),
    }
}

/// Returns the path with an id for each parameter. An unauthorised caller must learn nothing of it.
fn filled(path: &str) -> String {
    let id = "8c5f9f3e-7f5c-4d39-9a55-0f6a7f2b9a11";
    let segments =
        path.split('/').map(|segment| if segment.starts_with('{') { id } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

async fn with(server: &Server, method: &Method, path: &str, token: Option<&str>) -> Answer {
    let request = TestRequest::with_uri(&filled(path)).method(method.clone());
    server
        .call(match token {
            Some(token) => request.insert_header(("x-access-token", token)),
            None => request,
        })
        .await
}

fn seen(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.header("www-authenticate"))
}

#[actix_web::test]
async fn description_names_the_callers_of_each_path() {
    let server = Server::start();
    for (path, method, operation) in described(&server).await {
        let expected = match path.as_str() {
            "/logout" | "/logout/all" | "/password" | "/sessions" | "/sessions/{sid}" => {
                Guarded::Session
            }
            "/feed" => Guarded::Client,
            path if path.starts_with("/admin/") => Guarded::Admin,
            path if path.starts_with("/directory/") => Guarded::Client,
            _ => Guarded::No,
        };
        assert_eq!(guarded(&operation), expected, "{method} {path}");
    }
}

#[actix_web::test]
async fn guarded_routes_require_a_good_token_and_others_none() {
    let server = Server::start();
    for (path, method, operation) in described(&server).await {
        let missing = with(&server, &method, &path, None).await;
        if guarded(&operation) == Guarded::No {
            assert!(!seen(&missing).1.starts_with("Bearer"), "{method} {path}");
            continue;
        }
        assert_eq!(seen(&missing), (401, "Bearer"), "{method} {path}");
        assert_eq!(missing.body, r#"{"message":"Token is missing !!"}"#);
        let junk = with(&server, &method, &path, Some("no.token.this")).await;
        assert_eq!(junk.status, 401, "{method} {path}");
        assert_eq!(junk.body, r#"{"message":"Token is invalid !!"}"#);
        let two = TestRequest::with_uri(&filled(&path)).method(method.clone());
        let two =
            two.insert_header(("x-access-token", "a")).insert_header(("authorization", "Bearer b"));
        assert_eq!(server.call(two).await.status, 400, "{method} {path}");
    }
}

#[actix_web::test]
async fn guarded_routes_refuse_tokens_of_other_callers() {
    let server = Server::start();
    for name in ["ann", "bob"] {
        server.sign_up(name).await;
    }
    let ann = server.database.find_user_by_email_key("ann@example.org").unwrap().unwrap().public_id;
    server.database.set_user_admin(ann, true, &server.act()).unwrap();
    server.add_client("nothing", &[]);
    let service = server.service_token("nothing", &[]).await;
    let of_admin_elsewhere = server.token_for("ann", "api-service").await;
    let of_user = server.token_for("bob", ISSUER).await;
    let mut judged = 0;
    for (path, method, operation) in described(&server).await {
        let guarded = guarded(&operation);
        let refused_with_403: &[&str] = match guarded {
            Guarded::No => continue,
            Guarded::Client | Guarded::Admin => &[&service, &of_user],
            Guarded::Session => &[&service],
        };
        for token in refused_with_403 {
            let answer = with(&server, &method, &path, Some(token)).await;
            assert_eq!(answer.status, 403, "{method} {path}");
            assert!(seen(&answer).1.contains("insufficient_scope"), "{method} {path}");
        }
        if guarded != Guarded::Session {
            let answer = with(&server, &method, &path, Some(&of_admin_elsewhere)).await;
            assert_eq!(answer.status, 401, "{method} {path}");
            assert!(seen(&answer).1.contains("audience"), "{method} {path}");
        }
        judged += 1;
    }
    assert!(judged >= 2);
}
