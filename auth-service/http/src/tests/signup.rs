//! `POST /signup`.

use serde_json::json;
use signet_contract::directory::UserState;
use time::Duration;

use super::actors::PASSWORD;
use super::server::{Server, Setup};
use auth_domain::audit::AuditQuery;
use auth_domain::users::UserQuery;

#[actix_web::test]
async fn new_address_is_201_and_taken_address_is_202() {
    let server = Server::start();
    let form = [("name", "Ann"), ("email", " Ann@Example.org "), ("password", PASSWORD)];
    let answer = server.post_form("/signup", &form).await;
    assert_eq!((answer.status.as_u16(), &*answer.body), (201, "Successfully registered."));
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");

    let again = json!({"name": "Eve", "email": "ANN@example.ORG", "password": PASSWORD});
    let answer = server.post_json("/signup", &again).await;
    assert_eq!(
        (answer.status.as_u16(), &*answer.body),
        (202, "User already exists. Please Log in.")
    );
    let query = UserQuery { limit: 10, ..UserQuery::default() };
    let users = server.database.list_users(&query).unwrap();
    assert_eq!(users.len(), 1);
    assert_eq!((&*users[0].name, &*users[0].email), ("Ann", "Ann@Example.org"));
}

#[actix_web::test]
async fn closed_registration_is_403_before_the_body_is_read() {
    for uniform_errors in [false, true] {
        let server =
            Server::with(Setup { registration_open: false, uniform_errors, ..Setup::default() });
        let form = [("name", "Ann"), ("email", "ann@example.org"), ("password", PASSWORD)];
        for answer in [
            server.post_form("/signup", &form).await,
            server.post_form("/signup", &[]).await,
            server.post_json("/signup", &json!("no object")).await,
        ] {
            assert_eq!(answer.status, 403);
            assert_eq!(answer.header("content-type"), "application/problem+json");
            assert_eq!(answer.json()["detail"], "registration is closed");
        }
        let query = UserQuery { limit: 10, ..UserQuery::default() };
        assert!(server.database.list_users(&query).unwrap().is_empty());
    }
}

#[actix_web::test]
async fn wrong_form_with_a_taken_address_is_422() {
    let server = Server::start();
    server.sign_up("ann").await;
    let form = [("name", "Ann"), ("email", "ann@example.org"), ("password", "short")];
    assert_eq!(server.post_form("/signup", &form).await.status, 422);
}

#[actix_web::test]
async fn answer_names_every_fault_by_field() {
    let server = Server::start();
    let answer = server
        .post_json("/signup", &json!({"name": "", "email": "x\r\ny", "password": "Password"}))
        .await;
    assert_eq!(answer.header("content-type"), "application/problem+json");
    insta::assert_json_snapshot!(answer.json(), @r#"
    {
      "type": "about:blank",
      "title": "Unprocessable Entity",
      "status": 422,
      "detail": "A field has a value that it can't have; `errors` says which and why.",
      "errors": {
        "email": [
          "holds a control or an invisible character"
        ],
        "name": [
          "is empty"
        ],
        "password": [
          "is one of the most common passwords"
        ]
      }
    }
    "#);
    assert_eq!(server.post_form("/signup", &[]).await.status, 422);
}

#[actix_web::test]
async fn member_of_a_wrong_type_is_422_by_name() {
    let server = Server::start();
    for wrong in [json!(1), json!(true), json!(["a@example.org"]), json!({"a": 1})] {
        let body = json!({"name": "Ann", "email": wrong, "password": PASSWORD});
        let answer = server.post_json("/signup", &body).await;
        assert_eq!(answer.status, 422, "{wrong}");
        assert_eq!(answer.json()["errors"]["email"], json!(["is not a string"]), "{wrong}");
    }
}

#[actix_web::test]
async fn other_members_have_no_effect() {
    let server = Server::start();
    let body = json!({
        "name": "Eve", "email": "eve@example.org", "password": PASSWORD,
        "admin": true, "is_admin": true, "role": "admin", "roles": ["user", "admin"],
        "public_id": "00000000-0000-0000-0000-000000000001", "state": "disabled",
        "created_at": "2000-01-01T00:00:00Z",
    });
    assert_eq!(server.post_json("/signup", &body).await.status, 201);
    let eve = server.database.find_user_by_email_key("eve@example.org").unwrap().unwrap();
    assert!(!eve.admin && eve.state == UserState::Active && eve.public_id.as_u128() != 1);
    assert_eq!(eve.created_at.year(), 2026);
}

#[actix_web::test]
async fn uniform_answers_hide_a_taken_address() {
    let server = Server::with(Setup { uniform_errors: true, ..Setup::default() });
    let form = [("name", "Ann"), ("email", "ann@example.org"), ("password", PASSWORD)];
    let (new, taken) =
        (server.post_form("/signup", &form).await, server.post_form("/signup", &form).await);
    assert_eq!((new.status, new.body), (taken.status, taken.body));
    assert_eq!(taken.status, 201);
    assert_eq!(server.log_in("ann", PASSWORD).await.status, 201);
}

#[actix_web::test]
async fn sign_up_past_the_limit_is_429_without_a_hash_and_is_noted() {
    let server =
        Server::with(Setup { sign_ups_per_address: Some(2), queue: 1, ..Setup::default() });
    server.sign_up("ann").await;
    server.sign_up("bob").await;
    // No place is left in the queue: a refusal that needs one would be 503.
    let permit = server.app.hashing.enter(None).unwrap();
    let form = [("name", "Eve"), ("email", "eve@example.org"), ("password", PASSWORD)];
    let answer = server.post_form("/signup", &form).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (429, "900"));
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let query = AuditQuery { limit: 1, ..AuditQuery::default() };
    let row = server.database.list_audit(&query).unwrap().remove(0);
    let noted = (row.action.as_str(), row.refused.as_deref(), row.subject_type.as_str());
    assert_eq!(noted, ("signup", Some("too_many_sign_ups"), "unknown"));
    drop(permit);
    server.clock.advance(Duration::minutes(15));
    assert_eq!(server.post_form("/signup", &form).await.status, 201);
}

#[actix_web::test]
async fn sign_up_without_a_place_in_the_queue_does_not_count() {
    let server =
        Server::with(Setup { sign_ups_per_address: Some(1), queue: 1, ..Setup::default() });
    let permit = server.app.hashing.enter(None).unwrap();
    let form = [("name", "Ann"), ("email", "ann@example.org"), ("password", PASSWORD)];
    for _ in 0..3 {
        assert_eq!(server.post_form("/signup", &form).await.status, 503);
    }
    drop(permit);
    assert_eq!(server.post_form("/signup", &form).await.status, 201);
    assert_eq!(server.post_form("/signup", &form).await.status, 429);
}
