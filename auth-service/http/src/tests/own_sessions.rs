//! `GET /sessions` and `DELETE /sessions/{sid}`.

use actix_web::test::TestRequest;
use serde_json::{Value, json};
use time::Duration;

use super::actors::claims;
use super::server::{Answer, Server};

async fn list(server: &Server, token: &str) -> Answer {
    server.call(with(TestRequest::get().uri("/sessions"), token)).await
}

async fn end(server: &Server, token: &str, sid: &Value) -> u16 {
    let path = format!("/sessions/{}", sid.as_str().unwrap());
    server.call(with(TestRequest::delete().uri(&path), token)).await.status.as_u16()
}

fn with(request: TestRequest, token: &str) -> TestRequest {
    request.insert_header(("authorization", format!("Bearer {token}")))
}

#[actix_web::test]
async fn own_sessions_are_listed_latest_first() {
    let server = Server::start();
    server.sign_up("ann").await;
    server.sign_up("bob").await;
    server.session("bob").await;
    let (first, refresh) = server.session("ann").await;
    server.clock.advance(Duration::MINUTE);
    let (second, _) = server.session("ann").await;
    server.clock.advance(Duration::MINUTE);
    server.refresh(&refresh, &[]).await;

    let answer = list(&server, &second).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"));
    let entry = |token: &str, created: &str, used: &str, current: bool| {
        json!({
            "sid": claims(token)["sid"], "created_at": created, "last_used_at": used,
            "address": "192.0.2.1", "user_agent": null, "current": current,
        })
    };
    let expected = json!({"sessions": [
        entry(&second, "2026-01-02T03:05:05Z", "2026-01-02T03:05:05Z", true),
        entry(&first, "2026-01-02T03:04:05Z", "2026-01-02T03:06:05Z", false),
    ]});
    assert_eq!(answer.json(), expected);
}

#[actix_web::test]
async fn user_ends_one_own_session() {
    let server = Server::start();
    server.sign_up("ann").await;
    server.sign_up("bob").await;
    let (lost, refresh) = server.session("ann").await;
    let (own, _) = server.session("ann").await;
    let (other, _) = server.session("bob").await;
    let sid = &claims(&lost)["sid"];

    assert_eq!(end(&server, &other, sid).await, 404, "another user's");
    assert_eq!(end(&server, &own, &json!("no-id")).await, 404);
    assert_eq!(list(&server, &lost).await.status, 200, "no other request ends it");
    assert_eq!(end(&server, &own, sid).await, 204);
    assert_eq!(end(&server, &own, sid).await, 404, "it has ended before");
    assert_eq!(list(&server, &lost).await.status, 401);
    assert_eq!(server.refresh(&refresh, &[]).await.status, 400);
    assert_eq!(end(&server, &own, &claims(&own)["sid"]).await, 204, "also the current one");
    assert_eq!(list(&server, &own).await.status, 401);
}
