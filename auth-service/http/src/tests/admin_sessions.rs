//! `/admin/users/{public_id}/sessions` and `/admin/sessions/{sid}`.

use actix_web::test::TestRequest;
use serde_json::json;
use time::Duration;
use uuid::Uuid;

use super::actors::{PASSWORD, claims};
use super::operators::Operator;
use super::server::{Answer, Server};

async fn log_in_as(server: &Server, name: &str, agent: &str) -> (String, String) {
    let email = format!("{name}@example.org");
    let form = [("email", &*email), ("password", PASSWORD)];
    let request = TestRequest::post().uri("/login").insert_header(("user-agent", agent));
    let body = server.call(request.set_form(form)).await.json();
    let text = |member: &str| body[member].as_str().unwrap().to_owned();
    (text("token"), text("refresh_token"))
}

fn sid(token: &str) -> String {
    claims(token)["sid"].as_str().unwrap().to_owned()
}

async fn sessions_of(operator: &Operator<'_>, public_id: Uuid, query: &str) -> Answer {
    operator.get(&format!("/admin/users/{public_id}/sessions{query}")).await
}

#[actix_web::test]
async fn session_entry_has_times_address_and_user_agent() {
    let server = Server::start();
    let operator = server.operator("ann").await;
    let bob = server.sign_up("bob").await;
    let (token, refresh) = log_in_as(&server, "bob", "curl/8.5.0").await;
    server.clock.advance(Duration::minutes(7));
    assert_eq!(server.refresh(&refresh, &[]).await.status, 200);
    let answer = sessions_of(&operator, bob, "").await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"));
    assert_eq!(
        answer.json(),
        json!({"next": null, "sessions": [{
            "sid": sid(&token), "public_id": bob, "client_id": "first-party",
            "address": "192.0.2.1", "user_agent": "curl/8.5.0",
            "created_at": "2026-01-02T03:04:05Z", "last_used_at": "2026-01-02T03:11:05Z",
            "expires_at": "2026-02-01T03:11:05Z",
        }]})
    );
    let known = sessions_of(&operator, operator.public_id, "").await.json();
    assert_eq!(known["sessions"].as_array().unwrap().len(), 1, "to each their own");
}

#[actix_web::test]
async fn revoked_session_ends_alone() {
    let server = Server::start();
    let operator = server.operator("ann").await;
    let bob = server.sign_up("bob").await;
    let (one, other) = (server.session("bob").await, server.session("bob").await);
    let path = format!("/admin/sessions/{}", sid(&one.0));
    assert_eq!(operator.act("DELETE", &path).await, 204);
    assert_eq!(server.post_with("/logout", &one.0, &[]).await.status, 401);
    assert_eq!(server.refresh(&one.1, &[]).await.status, 400);
    let left = sessions_of(&operator, bob, "").await.json();
    assert_eq!(left["sessions"][0]["sid"], sid(&other.0));
    assert_eq!(left["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(server.refresh(&other.1, &[]).await.status, 200);
    // An ended session is answered like one that never existed.
    assert_eq!(operator.act("DELETE", &path).await, 404);
}

#[actix_web::test]
async fn invalid_parameter_is_422() {
    let server = Server::start();
    let operator = server.operator("ann").await;
    for query in ["?limit=0", "?limit=1001", "?after=nothing", "?after=AAAAAAAAAAE"] {
        assert_eq!(sessions_of(&operator, operator.public_id, query).await.status, 422, "{query}");
    }
}
