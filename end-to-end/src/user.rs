//! A user: signs up, logs in, shows the token.

use serde_json::Value;
use uuid::Uuid;

use crate::http::Answer;
use crate::service::Service;
use crate::token;

/// Somebody with an account, or about to have one.
#[derive(Debug, Clone)]
pub struct User {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// The password.
    pub password: String,
}

impl User {
    /// Somebody whom nobody knows yet.
    pub fn new(name: &str) -> Self {
        let unique = Uuid::new_v4().simple().to_string();
        Self {
            name: name.to_owned(),
            email: format!("{}-{unique}@example.org", name.to_lowercase().replace(' ', ".")),
            password: format!("correct horse {unique}"),
        }
    }

    /// Somebody who has signed up.
    pub fn signed_up(auth: &Service, name: &str) -> Self {
        let user = Self::new(name);
        user.sign_up(auth).expect(201);
        user
    }

    /// A new user with the role `admin`, created by command.
    pub fn admin(auth: &Service, name: &str) -> Self {
        let user = Self::new(name);
        let create = ["users", "create", "--name", name, "--email", &user.email, "--role", "admin"];
        auth.launch.run_with(&create, &format!("{}\n", user.password)).done();
        user
    }

    /// `POST /signup`.
    pub fn sign_up(&self, auth: &Service) -> Answer {
        let fields = [("name", &*self.name), ("email", &self.email), ("password", &self.password)];
        auth.post("/signup").form(&fields).send()
    }

    /// `POST /login`.
    pub fn try_login(&self, auth: &Service) -> Answer {
        auth.post("/login").form(&[("email", &self.email), ("password", &self.password)]).send()
    }

    /// Logs in and gives the access token.
    pub fn log_in(&self, auth: &Service) -> String {
        token_of(&self.try_login(auth).expect(201))
    }

    /// Logs in for another audience.
    pub fn log_in_for(&self, auth: &Service, audience: &str) -> String {
        let fields =
            [("email", &*self.email), ("password", &self.password), ("audience", audience)];
        token_of(&auth.post("/login").form(&fields).send().expect(201))
    }

    /// The id that tokens carry.
    pub fn public_id(&self, auth: &Service) -> String {
        let claims = token::claims(&self.log_in(auth));
        claims["sub"].as_str().expect("a sub").to_owned()
    }
}

/// The token in the answer of `/login`.
pub fn token_of(answer: &Answer) -> String {
    let body: Value = answer.json();
    body["token"].as_str().unwrap_or_else(|| panic!("no token: {body}")).to_owned()
}
