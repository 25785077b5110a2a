//! `POST /logout` and `POST /logout/all`.

use serde_json::json;
use signet_contract::events::Change;

use super::actors::PASSWORD;
use super::server::Server;
use auth_domain::feed::Changes;

fn last_change(server: &Server) -> Change {
    let position = server.database.position().unwrap();
    match server.database.changes_after(position - 1, 1).unwrap() {
        Changes::After { events, .. } => events[0].change.clone(),
        Changes::Gone => panic!("gone"),
    }
}

#[actix_web::test]
async fn logout_ends_one_session_and_its_refresh_token() {
    let server = Server::start();
    server.sign_up("ann").await;
    let (access, refresh) = server.session("ann").await;
    let (other, other_refresh) = server.session("ann").await;
    let answer = server.post_with("/logout", &access, &[]).await;
    assert_eq!((answer.status.as_u16(), &*answer.body), (204, ""));
    assert!(matches!(last_change(&server), Change::SessionRevoked { .. }));

    let again = server.post_with("/logout", &access, &[]).await;
    assert_eq!(again.status, 401);
    assert!(again.header("www-authenticate").contains("revoked"));
    assert_eq!(server.refresh(&refresh, &[]).await.json()["error"], json!("invalid_grant"));
    assert_eq!(server.refresh(&other_refresh, &[]).await.status, 200);
    assert_eq!(server.post_with("/logout", &other, &[]).await.status, 204);
}

#[actix_web::test]
async fn logout_everywhere_ends_all_sessions_but_no_later_log_in() {
    let server = Server::start();
    let ann = server.sign_up("ann").await;
    server.sign_up("bob").await;
    let (access, refresh) = server.session("ann").await;
    let (other, other_refresh) = server.session("ann").await;
    let (bobs, _) = server.session("bob").await;
    assert_eq!(server.post_with("/logout/all", &access, &[]).await.status, 204);
    assert_eq!(last_change(&server), Change::UserSessionsRevoked { public_id: ann, except: None });
    let (fresh, fresh_refresh) = server.session("ann").await;
    for token in [&access, &other] {
        assert_eq!(server.post_with("/logout", token, &[]).await.status, 401);
    }
    for token in [&refresh, &other_refresh] {
        assert_eq!(server.refresh(token, &[]).await.status, 400);
    }
    assert_eq!(server.refresh(&fresh_refresh, &[]).await.status, 200);
    for token in [&fresh, &bobs] {
        assert_eq!(server.post_with("/logout", token, &[]).await.status, 204);
    }
}

#[actix_web::test]
async fn locked_database_is_503_for_writes_and_does_not_stop_reads() {
    let server = Server::start();
    server.sign_up("ann").await;
    let (access, refresh) = server.session("ann").await;
    let lock = server.lock_database();
    let form = [("name", "Bob"), ("email", "bob@example.org"), ("password", PASSWORD)];
    let token = [("token", &*refresh)];
    // In parallel: each request waits for the database's write lock.
    let (one, all, revoked, login, signup) = tokio::join!(
        server.post_with("/logout", &access, &[]),
        server.post_with("/logout/all", &access, &[]),
        server.post_form("/oauth2/revoke", &token),
        server.log_in("ann", PASSWORD),
        server.post_form("/signup", &form),
    );
    for answer in [one, all, revoked, login, signup] {
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(!answer.header("retry-after").is_empty(), "{answer:?}");
    }
    assert_eq!(server.get("/.well-known/jwks.json").await.status, 200);
    drop(lock);
    assert_eq!(server.post_with("/logout", &access, &[]).await.status, 204);
}
