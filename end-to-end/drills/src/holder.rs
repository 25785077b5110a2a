//! Users that get one token after another, as an application does for them.

use std::time::Instant;

use serde_json::Value;

use support::service::Service;
use support::token;
use support::user::User;

/// A user with a session.
#[derive(Debug)]
pub struct Holder {
    user: User,
    /// The refresh token for the next access token; it is good for one use.
    refresh_token: Option<String>,
}

/// A fresh token.
#[derive(Debug, Clone)]
pub struct Minted {
    /// The token.
    pub text: String,
    /// The key that signed it.
    pub kid: String,
    /// The time of the request: the token was signed later.
    pub asked: Instant,
    /// The time of the answer: the token was signed earlier.
    pub came: Instant,
}

impl Holder {
    /// Signs up a new user.
    pub fn signed_up(auth: &Service, name: &str) -> Self {
        Self { user: User::signed_up(auth, name), refresh_token: None }
    }

    /// Opens a session.
    pub fn log_in(&mut self, auth: &Service) -> Result<Minted, String> {
        let (email, password) = (self.user.email.clone(), self.user.password.clone());
        self.ask(auth, "/login", 201, &[("email", &email), ("password", &password)])
    }

    /// Gets a fresh token: in the session, if there is one, otherwise in a new one.
    pub fn renew(&mut self, auth: &Service) -> Result<Minted, String> {
        let Some(refresh_token) = self.refresh_token.take() else { return self.log_in(auth) };
        let form = [("grant_type", "refresh_token"), ("refresh_token", &refresh_token)];
        self.ask(auth, "/oauth2/token", 200, &form)
    }

    fn ask(
        &mut self,
        auth: &Service,
        path: &str,
        status: u16,
        form: &[(&str, &str)],
    ) -> Result<Minted, String> {
        let asked = Instant::now();
        let answer = auth.post(path).form(form).try_send()?;
        let came = Instant::now();
        if answer.status != status {
            return Err(format!("{path}: {} {}", answer.status, answer.text()));
        }
        let body = answer.json();
        let text = |member: &str| body[member].as_str().map(str::to_owned);
        self.refresh_token = text("refresh_token");
        let token = text("token").or_else(|| text("access_token"));
        let token = token.ok_or_else(|| format!("{path}: no token"))?;
        let (header, _): (Value, _) = token::read(&token);
        let kid = header["kid"].as_str().unwrap_or_default().to_owned();
        Ok(Minted { text: token, kid, asked, came })
    }
}
