//! The callers: users with accounts, and services with secrets.

use actix_web::test::TestRequest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use signet_contract::clock::Clock as _;
use uuid::Uuid;

use super::server::{Answer, Server};
use auth_domain::audit::Act;
use auth_domain::clients::{Client, secret_hash};
use auth_domain::email::Email;

pub(super) const PASSWORD: &str = "correct horse";

impl Server {
    /// An act of an operator at this moment.
    pub(super) fn act(&self) -> Act {
        Act::by_operator(self.clock.now())
    }

    /// Signs a user up under `name@example.org`.
    pub(super) async fn sign_up(&self, name: &str) -> Uuid {
        let email = format!("{name}@example.org");
        let form = [("name", name), ("email", &email), ("password", PASSWORD)];
        let answer = self.post_form("/signup", &form).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let key = Email::parse(&email).unwrap().key;
        self.database.find_user_by_email_key(&key).unwrap().unwrap().public_id
    }

    pub(super) async fn log_in(&self, name: &str, password: &str) -> Answer {
        let email = format!("{name}@example.org");
        self.post_form("/login", &[("email", &email), ("password", password)]).await
    }

    /// Registers a client with the secret `secret`.
    pub(super) fn add_client(&self, client_id: &str, scopes: &[&str]) {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let client = Client::new(client_id, scopes, secret_hash("secret"), self.clock.now());
        assert!(self.database.add_client(&client, &self.act()).unwrap());
    }

    /// Registers a client with the secret `secret`, for these audiences.
    pub(super) fn add_client_for(&self, client_id: &str, audiences: &[&str]) {
        let client = Client::new(client_id, Vec::new(), secret_hash("secret"), self.clock.now());
        let audiences = audiences.iter().map(|audience| (*audience).to_owned()).collect();
        let client = Client { audiences, ..client };
        assert!(self.database.add_client(&client, &self.act()).unwrap());
    }

    /// Gets a token of a client, with these additional parameters.
    pub(super) async fn service_token(&self, client_id: &str, more: &[(&str, &str)]) -> String {
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("client_id", client_id),
            ("client_secret", "secret"),
        ];
        form.extend(more);
        let answer = self.post_form("/oauth2/token", &form).await;
        answer.json()["access_token"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
    }

    /// Logs a user in; returns the access token and the refresh token.
    pub(super) async fn session(&self, name: &str) -> (String, String) {
        let answer = self.log_in(name, PASSWORD).await.json();
        let text = |member: &str| answer[member].as_str().unwrap().to_owned();
        (text("token"), text("refresh_token"))
    }

    /// An access token for an audience.
    pub(super) async fn token_for(&self, name: &str, audience: &str) -> String {
        let email = format!("{name}@example.org");
        let form = [("email", &*email), ("password", PASSWORD), ("audience", audience)];
        self.post_form("/login", &form).await.json()["token"].as_str().unwrap().to_owned()
    }

    /// Exchanges a refresh token.
    pub(super) async fn refresh(&self, token: &str, more: &[(&str, &str)]) -> Answer {
        let form = [&[("grant_type", "refresh_token"), ("refresh_token", token)], more].concat();
        self.post_form("/oauth2/token", &form).await
    }

    pub(super) async fn post_with(&self, path: &str, token: &str, form: &[(&str, &str)]) -> Answer {
        let bearer = ("authorization", format!("Bearer {token}"));
        self.call(TestRequest::post().uri(path).insert_header(bearer).set_form(form)).await
    }

    pub(super) async fn get_with(&self, path: &str, token: &str) -> Answer {
        let bearer = ("authorization", format!("Bearer {token}"));
        self.call(TestRequest::get().uri(path).insert_header(bearer)).await
    }
}

/// The claims of a token, unchecked.
pub(super) fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
