//! `/admin/clients` and the routes below it.

use serde_json::{Value, json};
use time::Duration;

use super::operators::Operator;
use super::server::{Answer, ISSUER, Server};

async fn add(operator: &Operator<'_>, body: &Value) -> Answer {
    operator.call("POST", "/admin/clients", Some(body)).await
}

async fn rotate(operator: &Operator<'_>, client_id: &str, body: Option<&Value>) -> Answer {
    let path = format!("/admin/clients/{client_id}/rotate-secret");
    operator.call("POST", &path, body).await
}

/// Returns true if the secret gets a token.
async fn good(server: &Server, client_id: &str, secret: &str) -> bool {
    let form =
        [("grant_type", "client_credentials"), ("client_id", client_id), ("client_secret", secret)];
    let answer = server.post_form("/oauth2/token", &form).await;
    assert!([200, 401].contains(&answer.status.as_u16()), "{answer:?}");
    answer.status == 200
}

fn secret(answer: &Answer) -> String {
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (201, "no-store"));
    answer.json()["client_secret"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn new_client_has_a_secret_that_no_other_answer_shows() {
    let server = Server::start();
    let operator = server.operator("ann").await;
    let body = json!({
        "client_id": "reports", "scope": "events:read directory:read", "audience": "billing",
    });
    let added = add(&operator, &body).await;
    let secret = secret(&added);
    let told = json!({
        "client_id": "reports", "scope": "events:read directory:read", "audiences": ["billing"],
        "created_at": "2026-01-02T03:04:05Z", "secret_changed_at": "2026-01-02T03:04:05Z",
        "previous_secret_until": null,
    });
    let mut with_secret = told.clone();
    with_secret["client_secret"] = json!(secret);
    assert_eq!(added.json(), with_secret);
    assert!(good(&server, "reports", &secret).await);
    let list = operator.get("/admin/clients").await;
    assert_eq!((list.status.as_u16(), list.header("cache-control")), (200, "no-store"));
    assert_eq!(list.json(), json!({"clients": [told], "next": null}));
}

#[actix_web::test]
async fn audiences_may_be_a_list_or_left_out() {
    let server = Server::start();
    let operator = server.operator("ann").await;
    for (body, audiences) in [
        (
            json!({"client_id": "a", "audiences": ["billing", "api-service"]}),
            &["billing", "api-service"][..],
        ),
        (json!({"client_id": "b", "audience": "billing billing"}), &["billing"]),
        (json!({"client_id": "c"}), &[]),
        (json!({"client_id": "d", "audience": "", "audiences": []}), &[]),
    ] {
        let added = add(&operator, &body).await;
        assert_eq!((added.status.as_u16(), &added.json()["audiences"]), (201, &json!(audiences)));
    }
}

#[actix_web::test]
async fn scopes_may_be_a_list_or_left_out() {
    let server = Server::start();
    let operator = server.operator("ann").await;
    for (body, scope) in [
        (json!({"client_id": "a", "scopes": ["events:read", "x"]}), "events:read x"),
        (json!({"client_id": "b"}), ""),
        (json!({"client_id": "c", "scope": "", "scopes": []}), ""),
    ] {
        let added = add(&operator, &body).await;
        assert_eq!((added.status.as_u16(), &added.json()["scope"]), (201, &json!(scope)), "{body}");
    }
}

#[actix_web::test]
async fn invalid_client_is_422_and_existing_client_409() {
    let server = Server::start();
    let operator = server.operator("ann").await;
    for (body, field) in [
        (json!({}), "client_id"),
        (json!({"client_id": "first-party"}), "client_id"),
        (json!({"client_id": 7}), "client_id"),
        (json!({"client_id": "a", "scope": "a\"b"}), "scope"),
        (json!({"client_id": "a", "scope": ["x"]}), "scope"),
        (json!({"client_id": "a", "scopes": "x"}), "scopes"),
        (json!({"client_id": "a", "scopes": ["x y"]}), "scopes"),
        (json!({"client_id": "a", "scopes": ["é"]}), "scopes"),
        (json!({"client_id": "a", "scope": "x", "scopes": ["x"]}), "scopes"),
        (json!({"client_id": "a", "audience": "elsewhere"}), "audience"),
        (json!({"client_id": "a", "audience": ISSUER}), "audience"),
        (json!({"client_id": "a", "audiences": ["billing", ""]}), "audiences"),
        (json!({"client_id": "a", "audience": "billing", "audiences": ["billing"]}), "audiences"),
    ] {
        let answer = add(&operator, &body).await;
        assert_eq!(answer.status, 422, "{body}");
        assert!(answer.json()["errors"][field].is_array(), "{body} {answer:?}");
    }
    let body = json!({"client_id": "reports"});
    let first = secret(&add(&operator, &body).await);
    assert_eq!(add(&operator, &body).await.status, 409);
    assert!(good(&server, "reports", &first).await, "nothing of it has changed");
    let list = operator.get("/admin/clients").await.json();
    assert_eq!(list["clients"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn both_secrets_are_good_for_a_day_by_default() {
    let server = Server::start();
    let operator = server.operator("ann").await;
    let old = secret(&add(&operator, &json!({"client_id": "reports"})).await);
    let rotated = rotate(&operator, "reports", None).await;
    let new = secret(&rotated);
    assert_eq!(rotated.json()["previous_secret_until"], "2026-01-03T03:04:05Z");
    assert_ne!(old, new);
    server.clock.advance(Duration::DAY - Duration::SECOND);
    assert!(good(&server, "reports", &old).await && good(&server, "reports", &new).await);
    server.clock.advance(Duration::SECOND);
    assert!(!good(&server, "reports", &old).await && good(&server, "reports", &new).await);
}

#[actix_web::test]
async fn invalid_overlap_is_422_and_changes_nothing() {
    let server = Server::start();
    let operator = server.operator("ann").await;
    let old = secret(&add(&operator, &json!({"client_id": "reports"})).await);
    for overlap in [json!("8d"), json!("one hour"), json!("-1s"), json!(60)] {
        let answer = rotate(&operator, "reports", Some(&json!({"overlap": overlap}))).await;
        assert_eq!(answer.status, 422, "{overlap}");
        assert!(answer.json()["errors"]["overlap"].is_array());
    }
    let list = operator.get("/admin/clients").await.json();
    assert_eq!(list["clients"][0]["previous_secret_until"], Value::Null);
    assert!(good(&server, "reports", &old).await);
}

#[actix_web::test]
async fn reserved_client_is_404_and_another_method_405() {
    let server = Server::start();
    let operator = server.operator("ann").await;
    assert_eq!(operator.act("DELETE", "/admin/clients/first-party").await, 404);
    assert_eq!(rotate(&operator, "first-party", None).await.status, 404);
    let other = operator.call("PUT", "/admin/clients", None).await;
    assert_eq!((other.status.as_u16(), other.header("allow")), (405, "GET, HEAD, POST"));
}
