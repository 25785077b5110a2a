//! `POST /oauth2/introspect`.

use serde_json::{Value, json};

use time::Duration;

use super::actors::claims;
use super::server::{ISSUER, Server};

fn server() -> Server {
    let server = Server::start();
    server.add_client("reports", &["events:read", "introspect"]);
    server
}

async fn introspect(server: &Server, token: &str) -> Value {
    introspect_as(server, "reports", token).await
}

async fn introspect_as(server: &Server, client_id: &str, token: &str) -> Value {
    let form = [("token", token), ("client_id", client_id), ("client_secret", "secret")];
    let answer = server.post_form("/oauth2/introspect", &form).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"));
    answer.json()
}

#[actix_web::test]
async fn introspection_of_a_good_token_returns_its_claims() {
    let server = server();
    let ann = server.sign_up("ann").await;
    let (access, refresh) = server.session("ann").await;
    let (claims, answer) = (claims(&access), introspect(&server, &access).await);
    assert_eq!((&answer["active"], &answer["token_type"]), (&json!(true), &json!("Bearer")));
    for claim in ["sub", "aud", "iss", "iat", "exp", "jti", "sid", "client_id", "roles"] {
        assert_eq!(answer[claim], claims[claim], "{claim}");
    }
    let of_refresh = introspect(&server, &refresh).await;
    assert_eq!((&of_refresh["active"], &of_refresh["sub"]), (&json!(true), &json!(ann)));
    assert_eq!(of_refresh["token_use"], json!("refresh_token"));
    assert_eq!(of_refresh["iss"], json!(ISSUER));

    let service = server.service_token("reports", &[]).await;
    let answer = introspect(&server, &service).await;
    assert_eq!(
        (&answer["scope"], &answer["sub"]),
        (&json!("events:read introspect"), &json!("reports"))
    );
}

#[actix_web::test]
async fn introspection_of_another_token_returns_only_inactive() {
    let server = server();
    server.sign_up("ann").await;
    let inactive = json!({"active": false});
    for unknown in ["junk", "a.b.c", &"A".repeat(86)] {
        assert_eq!(introspect(&server, unknown).await, inactive);
    }
    let (access, refresh) = server.session("ann").await;
    let next = server.refresh(&refresh, &[]).await.json()["refresh_token"].clone();
    assert_eq!(introspect(&server, &refresh).await, inactive, "used");
    assert_eq!(introspect(&server, next.as_str().unwrap()).await["active"], json!(true));
    assert_eq!(server.post_with("/logout", &access, &[]).await.status, 204);
    for token in [&access, next.as_str().unwrap()] {
        assert_eq!(introspect(&server, token).await, inactive, "logged out");
    }
    let (access, refresh) = server.session("ann").await;
    server.clock.advance(Duration::minutes(30));
    assert_eq!(introspect(&server, &access).await, inactive, "expired");
    assert_eq!(introspect(&server, &refresh).await["active"], json!(true), "the session goes on");

    server.add_client("other", &[]);
    let service = server.service_token("other", &[]).await;
    assert_eq!(introspect(&server, &service).await["active"], json!(true));
    server.database.remove_client("other", &server.act()).unwrap();
    assert_eq!(introspect(&server, &service).await, inactive, "its client was removed");
}

#[actix_web::test]
async fn client_sees_its_own_tokens_and_those_for_its_audiences() {
    let server = server();
    server.add_client("nothing", &[]);
    server.add_client_for("billing", &["billing"]);
    server.sign_up("ann").await;
    let (other_audience, refresh) = server.session("ann").await;
    let tokens = [
        // The token, and the clients that see it beside `reports`.
        (server.token_for("ann", "billing").await, &["billing"][..]),
        (other_audience, &[]),
        (server.token_for("ann", ISSUER).await, &[]),
        (refresh, &[]),
        (server.service_token("nothing", &[]).await, &["nothing"]),
        (server.service_token("billing", &[]).await, &["billing"]),
        (server.service_token("billing", &[("audience", "billing")]).await, &["billing"]),
    ];
    for (number, (token, seeing)) in tokens.iter().enumerate() {
        assert_eq!(introspect(&server, token).await["active"], json!(true), "{number}");
        for client in ["nothing", "billing"] {
            let answer = introspect_as(&server, client, token).await;
            let seen = seeing.contains(&client);
            assert_eq!(answer["active"], json!(seen), "{client} {number}");
            assert!(seen || answer == json!({"active": false}), "{client} {number}");
        }
    }
}

#[actix_web::test]
async fn introspection_requires_an_authenticated_client() {
    let server = server();
    let wrong = [("client_id", "reports"), ("client_secret", "wrong")];
    for more in [&[][..], &[("client_id", "first-party")], &wrong] {
        let form = [&[("token", "junk")], more].concat();
        let answer = server.post_form("/oauth2/introspect", &form).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["error"]),
            (401, &json!("invalid_client"))
        );
    }
    let client = [("client_id", "reports"), ("client_secret", "secret")];
    let answer = server.post_form("/oauth2/introspect", &client).await;
    assert_eq!(answer.json()["error"], json!("invalid_request"), "no token");
}
