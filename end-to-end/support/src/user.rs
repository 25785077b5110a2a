//! A user, who signs up, logs in and uses tokens.

use serde_json::Value;
use uuid::Uuid;

use crate::http::Answer;
use crate::service::Service;
use crate::token;

/// A user with an account, or before its sign-up.
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
    /// Creates a user without an account.
    pub fn new(name: &str) -> Self {
        let unique = Uuid::new_v4().simple().to_string();
        Self {
            name: name.to_owned(),
            email: format!("{}-{unique}@example.org", name.to_lowercase().replace(' ', ".")),
            password: format!("correct horse {unique}"),
        }
    }

    /// Creates a user and signs it up.
    pub fn signed_up(auth: &Service, name: &str) -> Self {
        let user = Self::new(name);
        user.sign_up(auth).expect(201);
        user
    }

    /// Creates a user with the role `admin` by command.
    pub fn admin(auth: &Service, name: &str) -> Self {
        let user = Self::new(name);
        let create = ["users", "create", "--name", name, "--email", &user.email, "--role", "admin"];
        auth.launch.run_with(&create, &format!("{}\n", user.password)).done();
        user
    }

    /// Sends `POST /signup`.
    pub fn sign_up(&self, auth: &Service) -> Answer {
        let fields = [("name", &*self.name), ("email", &self.email), ("password", &self.password)];
        auth.post("/signup").form(&fields).send()
    }

    /// Sends `POST /login`.
    pub fn try_login(&self, auth: &Service) -> Answer {
        auth.post("/login").form(&[("email", &self.email), ("password", &self.password)]).send()
    }

    /// Logs in and returns the access token.
    pub fn log_in(&self, auth: &Service) -> String {
        token_of(&self.try_login(auth).expect(201))
    }

    /// Logs in for another audience and returns the access token.
    pub fn log_in_for(&self, auth: &Service, audience: &str) -> String {
        let fields =
            [("email", &*self.email), ("password", &self.password), ("audience", audience)];
        token_of(&auth.post("/login").form(&fields).send().expect(201))
    }

    /// The user id in tokens.
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

/// The tokens of a session.
#[derive(Debug)]
pub struct Session {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
}

impl Session {
    /// Opens a session of `user` for an audience.
    pub fn opened(auth: &Service, user: &User, audience: &str) -> Self {
        let form = [("email", &*user.email), ("password", &user.password), ("audience", audience)];
        Self::read(&auth.post("/login").form(&form).send().expect(201))
    }

    /// Exchanges a refresh token.
    pub fn try_refresh(auth: &Service, token: &str) -> Answer {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        auth.post("/oauth2/token").form(&form).send()
    }

    /// The same session with its next tokens.
    #[must_use]
    pub fn refreshed(&self, auth: &Service) -> Self {
        Self::read(&Self::try_refresh(auth, &self.refresh).expect(200))
    }

    /// The tokens in an answer of `/login` or `/oauth2/token`.
    pub fn read(answer: &Answer) -> Self {
        let body = answer.json();
        let access = if answer.status == 201 { "token" } else { "access_token" };
        let text = |member: &str| body[member].as_str().expect("a token").to_owned();
        Self { access: text(access), refresh: text("refresh_token") }
    }
}
