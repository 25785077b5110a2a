//! `POST /logout` and `POST /logout/all`.

use serde_json::json;

use super::actors::PASSWORD;
use super::server::Server;

#[actix_web::test]
async fn logout_ends_one_session_or_all_but_no_later_log_in() {
    for (path, others) in [("/logout", (200, 204)), ("/logout/all", (400, 401))] {
        let server = Server::start();
        server.sign_up("ann").await;
        let (access, refresh) = server.session("ann").await;
        let (other, other_refresh) = server.session("ann").await;
        let answer = server.post_with(path, &access, &[]).await;
        assert_eq!((answer.status.as_u16(), &*answer.body), (204, ""));
        let again = server.post_with(path, &access, &[]).await;
        assert_eq!(again.status, 401);
        assert!(again.header("www-authenticate").contains("revoked"));
        assert_eq!(server.refresh(&refresh, &[]).await.json()["error"], json!("invalid_grant"));
        let refreshed = server.refresh(&other_refresh, &[]).await.status.as_u16();
        let logged_out = server.post_with("/logout", &other, &[]).await.status.as_u16();
        assert_eq!((refreshed, logged_out), others, "{path}");
        let (fresh, _) = server.session("ann").await;
        assert_eq!(server.post_with("/logout", &fresh, &[]).await.status, 204);
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
