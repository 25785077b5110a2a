//! `POST /oauth2/token`.

use actix_web::test::TestRequest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::actors::claims;
use super::server::{Answer, ISSUER, Server};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");
const CLIENT: [(&str, &str); 2] = [("client_id", "reports"), ("client_secret", "secret")];

fn server() -> Server {
    let server = Server::start();
    server.add_client("reports", &["events:read", "directory:read"]);
    server
}

fn error(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    (answer.status.as_u16(), answer.json()["error"].as_str().unwrap().to_owned())
}

async fn basic(server: &Server, credentials: &str, form: &[(&str, &str)]) -> Answer {
    let header = ("authorization", format!("Basic {}", STANDARD.encode(credentials)));
    server.call(TestRequest::post().uri("/oauth2/token").insert_header(header).set_form(form)).await
}

#[actix_web::test]
async fn client_authenticates_in_the_form_or_in_the_header() {
    let server = server();
    let in_form = server.post_form("/oauth2/token", &[GRANT, CLIENT[0], CLIENT[1]]).await;
    let in_header = basic(&server, "reports:secret", &[GRANT, ("scope", ""), ("x", "y")]).await;
    for answer in [in_form, in_header] {
        assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"));
        assert_eq!(answer.header("pragma"), "no-cache");
        let body = answer.json();
        assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(1_800)));
        assert_eq!(body["scope"], json!("events:read directory:read"));
        let claims = claims(body["access_token"].as_str().unwrap());
        assert_eq!((&claims["sub"], &claims["client_id"]), (&json!("reports"), &json!("reports")));
        assert_eq!(claims["aud"], json!(ISSUER));
        for absent in ["public_id", "sid", "roles"] {
            assert!(claims.get(absent).is_none(), "{absent}");
        }
    }
}

#[actix_web::test]
async fn token_of_a_client_without_scopes_has_no_scope() {
    let server = Server::start();
    server.add_client("reports", &[]);
    let answer = server.post_form("/oauth2/token", &[GRANT, CLIENT[0], CLIENT[1]]).await.json();
    assert!(answer["access_token"].is_string() && answer.get("scope").is_none(), "{answer}");
}

#[actix_web::test]
async fn client_gets_a_token_for_an_audience_that_it_is_registered_with() {
    let server = server();
    server.add_client_for("billing-reports", &["billing"]);
    for (asked, granted) in [("billing", "billing"), (ISSUER, ISSUER), ("", ISSUER)] {
        let token = server.service_token("billing-reports", &[("audience", asked)]).await;
        assert_eq!(claims(&token)["aud"], json!(granted));
    }
    let secret = ("client_secret", "secret");
    for (client, audience) in
        [("billing-reports", "api-service"), ("reports", "billing"), ("reports", "api-service")]
    {
        let form = [GRANT, ("client_id", client), secret, ("audience", audience)];
        let answer = server.post_form("/oauth2/token", &form).await;
        assert_eq!(error(&answer), (400, "invalid_target".into()), "{client} {audience}");
    }
}

#[actix_web::test]
async fn resource_is_another_name_of_audience() {
    let server = server();
    server.add_client_for("billing-reports", &["billing"]);
    for more in [
        &[("resource", "billing")][..],
        &[("resource", "billing"), ("audience", "")],
        &[("resource", "billing"), ("audience", "billing")],
    ] {
        let token = server.service_token("billing-reports", more).await;
        assert_eq!(claims(&token)["aud"], json!("billing"), "{more:?}");
    }
    let client = [GRANT, ("client_id", "billing-reports"), ("client_secret", "secret")];
    for more in [
        &[("resource", "https://elsewhere.example")][..],
        &[("resource", "billing"), ("audience", ISSUER)],
    ] {
        let answer = server.post_form("/oauth2/token", &[&client, more].concat()).await;
        assert_eq!(error(&answer), (400, "invalid_target".into()), "{more:?}");
    }
}

#[actix_web::test]
async fn client_narrows_scope_but_does_not_widen_it() {
    let server = server();
    let narrow = claims(&server.service_token("reports", &[("scope", "events:read")]).await);
    assert_eq!(narrow["scope"], json!("events:read"));
    for (name, value, code) in [
        ("scope", "events:read\tdirectory:read", "invalid_scope"),
        ("audience", "elsewhere", "invalid_target"),
    ] {
        let form = [GRANT, CLIENT[0], CLIENT[1], (name, value)];
        let answer = server.post_form("/oauth2/token", &form).await;
        assert_eq!(error(&answer), (400, code.into()), "{value}");
    }
}

#[actix_web::test]
async fn wrong_or_missing_credentials_are_invalid_client() {
    let server = server();
    for form in [
        &[GRANT][..],
        &[GRANT, ("client_id", "reports")],
        &[GRANT, ("client_id", "reports"), ("client_secret", "Secret")],
        &[GRANT, ("client_id", "' OR 1=1 --"), ("client_secret", "secret")],
    ] {
        let answer = server.post_form("/oauth2/token", form).await;
        assert_eq!(error(&answer), (401, "invalid_client".into()), "{form:?}");
    }
    let answer = basic(&server, "reports:wrong", &[GRANT]).await;
    assert_eq!(error(&answer), (401, "invalid_client".into()));
    assert!(answer.header("www-authenticate").starts_with("Basic "));
}

#[actix_web::test]
async fn requests_that_break_the_protocol_are_invalid_request() {
    let server = server();

    for form in [
        &[CLIENT[0], CLIENT[1]][..],
        &[("grant_type", ""), CLIENT[0], CLIENT[1]],
        &[CLIENT[0], ("client_secret", "wrong")],
        &[GRANT, GRANT, CLIENT[0], CLIENT[1]],
        &[GRANT, CLIENT[0], CLIENT[1], ("scope", ""), ("scope", "events:read")],
        &[],
    ] {
        let answer = server.post_form("/oauth2/token", form).await;
        assert_eq!(error(&answer), (400, "invalid_request".into()), "{form:?}");
    }
    let body = json!({"grant_type": "client_credentials", "client_id": "reports"});
    let answer = server.post_json("/oauth2/token", &body).await;
    assert_eq!(error(&answer), (415, "invalid_request".into()));
    let large = "x".repeat(17_000);
    let answer = server.post_form("/oauth2/token", &[GRANT, ("x", &large)]).await;
    assert_eq!(error(&answer), (413, "invalid_request".into()));
}

#[actix_web::test]
async fn other_grants_are_unsupported_grant_type() {
    let server = server();
    for grant in ["password", "authorization_code", "implicit", "REFRESH_TOKEN", "x"] {
        let form =
            [("grant_type", grant), ("username", "ann"), ("password", "x"), CLIENT[0], CLIENT[1]];
        let answer = server.post_form("/oauth2/token", &form).await;
        assert_eq!(error(&answer), (400, "unsupported_grant_type".into()), "{grant}");
    }
}
