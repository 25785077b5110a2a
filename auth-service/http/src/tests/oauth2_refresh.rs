//! `POST /oauth2/token` with a refresh token.

use serde_json::json;
use time::Duration;

use super::actors::claims;
use super::server::{Answer, ISSUER, Server, Setup};

fn error(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.header("cache-control"), "no-store");
    (answer.status.as_u16(), answer.json()["error"].as_str().unwrap().to_owned())
}

#[actix_web::test]
async fn refresh_returns_new_tokens_of_the_same_session() {
    let server = Server::start();
    let ann = server.sign_up("ann").await;
    let (access, refresh) = server.session("ann").await;
    let answer = server.refresh(&refresh, &[]).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"));
    assert_eq!(answer.header("pragma"), "no-cache");
    let body = answer.json();
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(1_800)));
    assert_eq!(body["refresh_expires_in"], json!(30 * 24 * 3_600));
    assert_ne!(body["refresh_token"], json!(refresh));
    let (old, new) = (claims(&access), claims(body["access_token"].as_str().unwrap()));
    assert_eq!((&new["sid"], &new["sub"]), (&old["sid"], &json!(ann)));
    assert_ne!(new["jti"], old["jti"]);
    assert_eq!((&new["aud"], &new["client_id"]), (&json!("api-service"), &json!("first-party")));
    assert!(new.get("scope").is_none());
    let next = body["refresh_token"].as_str().unwrap();
    assert_eq!(server.refresh(next, &[("client_id", "first-party")]).await.status, 200);
}

#[actix_web::test]
async fn refresh_within_the_repeat_window_returns_the_same_successor() {
    let window = Duration::seconds(10);
    let server = Server::with(Setup { repeat_window: window, ..Setup::default() });
    server.sign_up("ann").await;
    let (access, refresh) = server.session("ann").await;
    let all = (0..8).map(|_| server.refresh(&refresh, &[]));
    let answers = futures_util::future::join_all(all).await;
    let successor = answers[0].json()["refresh_token"].clone();
    for answer in &answers {
        assert_eq!((answer.status.as_u16(), &answer.json()["refresh_token"]), (200, &successor));
    }
    assert_eq!(server.refresh(successor.as_str().unwrap(), &[]).await.status, 200);
    let reused = server.refresh(&refresh, &[]).await;
    assert_eq!(error(&reused), (400, "invalid_grant".into()));
    assert_eq!(server.post_with("/logout", &access, &[]).await.status, 401, "the session ended");
}

#[actix_web::test]
async fn second_use_without_a_repeat_window_ends_the_session() {
    let server = Server::start();
    server.sign_up("ann").await;
    let (access, refresh) = server.session("ann").await;
    assert_eq!(server.refresh(&refresh, &[]).await.status, 200);
    assert_eq!(error(&server.refresh(&refresh, &[]).await), (400, "invalid_grant".into()));
    assert_eq!(server.post_with("/logout", &access, &[]).await.status, 401);
}

#[actix_web::test]
async fn refused_refresh_leaves_the_token_good() {
    let server = Server::start();
    server.sign_up("ann").await;
    server.add_client("reports", &["events:read"]);
    let (_, refresh) = server.session("ann").await;
    for (more, status, code) in [
        (&[("scope", "admin")][..], 400, "invalid_scope"),
        (&[("audience", "elsewhere")], 400, "invalid_target"),
        (&[("audience", ISSUER)], 400, "invalid_target"),
        (&[("client_id", "reports")], 401, "invalid_client"),
        (&[("client_id", "reports"), ("client_secret", "wrong")], 401, "invalid_client"),
        (&[("client_id", "reports"), ("client_secret", "secret")], 400, "invalid_grant"),
        (&[("client_id", "first-party"), ("client_secret", "x")], 401, "invalid_client"),
        (&[("refresh_token", "twice")], 400, "invalid_request"),
    ] {
        let answer = server.refresh(&refresh, more).await;
        assert_eq!(error(&answer), (status, code.into()), "{more:?}");
    }
    for (token, code) in [("", "invalid_request"), ("junk", "invalid_grant")] {
        assert_eq!(error(&server.refresh(token, &[]).await), (400, code.into()), "{token}");
    }
    let good = server.refresh(&refresh, &[("audience", "billing"), ("scope", "")]).await;
    let token = good.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(claims(&token)["aud"], json!("billing"));
}

#[actix_web::test]
async fn session_keeps_its_audience_after_a_refresh_for_another() {
    let server = Server::start();
    server.sign_up("ann").await;
    for audience in ["billing", ISSUER] {
        let form = [
            ("email", "ann@example.org"),
            ("password", super::actors::PASSWORD),
            ("audience", audience),
        ];
        let mut next = server.post_form("/login", &form).await.json()["refresh_token"].clone();
        for asked in ["", "api-service", "", audience] {
            let answer =
                server.refresh(next.as_str().unwrap(), &[("audience", asked)]).await.json();
            let granted = if asked.is_empty() { audience } else { asked };
            assert_eq!(claims(answer["access_token"].as_str().unwrap())["aud"], json!(granted));
            next = answer["refresh_token"].clone();
        }
    }
}
