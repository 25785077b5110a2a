//! `POST /password`.

use serde_json::json;
use signet_contract::claims::ROLE_USER;

use super::actors::{PASSWORD, claims};
use super::server::{Answer, Server, Setup};

const NEW: &str = "another quiet evening";

async fn change(server: &Server, token: &str, current: &str, new: &str) -> Answer {
    let form = [("current_password", current), ("new_password", new)];
    server.post_with("/password", token, &form).await
}

#[actix_web::test]
async fn password_change_ends_every_other_session() {
    let server = Server::start();
    server.sign_up("ann").await;
    let (own, own_refresh) = server.session("ann").await;
    let (other, other_refresh) = server.session("ann").await;
    let answer = change(&server, &own, PASSWORD, NEW).await;
    assert_eq!((answer.status.as_u16(), &*answer.body), (204, ""));
    assert_eq!(server.log_in("ann", PASSWORD).await.status, 403);
    assert_eq!(server.log_in("ann", NEW).await.status, 201);

    assert_eq!(server.post_with("/logout", &other, &[]).await.status, 401);
    assert_eq!(server.refresh(&other_refresh, &[]).await.json()["error"], json!("invalid_grant"));
    let refreshed = server.refresh(&own_refresh, &[]).await.json();
    assert_eq!(claims(refreshed["access_token"].as_str().unwrap())["roles"], json!([ROLE_USER]));
    assert_eq!(server.post_with("/logout", &own, &[]).await.status, 204);
}

#[actix_web::test]
async fn wrong_current_password_is_403_and_counts_as_a_failed_log_in() {
    let server = Server::with(Setup { per_account: Some(3), ..Setup::default() });
    server.sign_up("ann").await;
    let (own, _) = server.session("ann").await;
    for _ in 0..3 {
        let answer = change(&server, &own, "wrong horse", NEW).await;
        assert_eq!(answer.status, 403);
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    let refused = change(&server, &own, PASSWORD, NEW).await;
    assert_eq!(refused.status, 429);
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(server.log_in("ann", PASSWORD).await.status, 429, "one count for both");
}

#[actix_web::test]
async fn weak_or_missing_password_is_422_by_field() {
    let server = Server::start();
    server.sign_up("ann").await;
    let (own, _) = server.session("ann").await;
    for weak in ["short", "password1", "ann@example.org", "12345678"] {
        let answer = change(&server, &own, PASSWORD, weak).await;
        assert_eq!(answer.status, 422, "{weak}");
        assert!(answer.json()["errors"]["new_password"].is_array());
    }
    let missing = server.post_with("/password", &own, &[]).await;
    assert_eq!(missing.status, 422);
    let errors = missing.json()["errors"].as_object().unwrap().len();
    assert_eq!(errors, 2);
    assert_eq!(server.log_in("ann", PASSWORD).await.status, 201);
}
