//! Operators, for the tests of their routes.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::Value;
use uuid::Uuid;

use super::actors::PASSWORD;
use super::server::{Answer, ISSUER, Server};
use auth_app::users::{UserForm, create_user};
use auth_domain::sign_up::SignUpForm;

/// An operator with an access token for the issuer.
pub(super) struct Operator<'s> {
    pub(super) server: &'s Server,
    pub(super) public_id: Uuid,
    pub(super) token: String,
}

impl Server {
    /// Signs a user up and makes the user an operator.
    pub(super) async fn operator(&self, name: &str) -> Operator<'_> {
        let public_id = self.sign_up(name).await;
        self.database.set_user_admin(public_id, true, &self.act()).unwrap();
        self.operator_of(name, public_id).await
    }

    /// Makes an operator as a command does, without a sign-up.
    pub(super) async fn first_operator(&self, name: &str) -> Operator<'_> {
        let sign_up = SignUpForm {
            name: name.to_owned(),
            email: format!("{name}@example.org"),
            password: PASSWORD.to_owned().into(),
        };
        let form = UserForm { sign_up, roles: Some(auth_domain::roles(true)) };
        let account = form.check().unwrap();
        let hash = self.app.hash_password(account.password(), None).await.unwrap();
        let user = create_user(&self.database, account, hash, &self.act()).unwrap();
        self.operator_of(name, user.public_id).await
    }

    async fn operator_of(&self, name: &str, public_id: Uuid) -> Operator<'_> {
        let token = self.token_for(name, ISSUER).await;
        Operator { server: self, public_id, token }
    }
}

impl Operator<'_> {
    /// Calls a route, with a JSON body if there is one.
    pub(super) async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let bearer = ("authorization", format!("Bearer {}", self.token));
        let request = TestRequest::with_uri(path).method(method).insert_header(bearer);
        self.server
            .call(match body {
                Some(body) => request.set_json(body),
                None => request,
            })
            .await
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None).await
    }

    /// Calls a route without a body; returns the status.
    pub(super) async fn act(&self, method: &str, path: &str) -> u16 {
        self.call(method, path, None).await.status.as_u16()
    }
}
