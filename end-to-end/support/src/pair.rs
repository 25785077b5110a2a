//! The two services, side by side in one temporary folder.

use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use crate::forge::Forge;
use crate::http::Answer;
use crate::proxy::Proxy;
use crate::service::Service;
use crate::{binaries, hearing, poll, token};

/// The issuer and the guard. Drop ends both and removes the folder.
#[derive(Debug)]
pub struct Pair {
    /// The issuer.
    pub auth: Service,
    /// The guard.
    pub api: Service,
    folder: TempDir,
}

impl Pair {
    /// Both services, initialised and running.
    pub fn start() -> Self {
        let mut pair = Self::prepare();
        pair.run();
        pair
    }

    /// The same with these settings: `AUTH_…` for the issuer, `API_…` for the guard.
    pub fn start_with(settings: &[(&str, &str)]) -> Self {
        let mut pair = Self::prepare();
        for (name, value) in settings {
            pair.set(name, value);
        }
        pair.run();
        pair
    }

    /// The same with the [`Forge`]'s key imported and active.
    pub fn start_forged(settings: &[(&str, &str)]) -> Self {
        let mut pair = Self::prepare();
        for (name, value) in settings {
            pair.set(name, value);
        }
        pair.import(Forge::known());
        pair.run();
        pair
    }

    /// Both services, initialised, not yet running.
    pub fn prepare() -> Self {
        let pair = Self::bare();
        pair.auth.command(&["init"]).done();
        pair
    }

    /// Both services, with settings and an empty folder.
    pub fn bare() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let auth = issuer_in(&folder.path().join("auth"));
        let api = guard_of(&auth, &folder.path().join("api"));
        Self { auth, api, folder }
    }

    /// Changes a setting for the next start.
    pub fn set(&mut self, name: &str, value: &str) {
        if name.starts_with("AUTH_") {
            self.auth.launch.set(name, value);
        } else {
            self.api.launch.set(name, value);
        }
    }

    /// Imports a key and makes it the active one.
    pub fn import(&self, forge: &Forge) {
        let file = forge.write_to(self.folder.path());
        self.auth.command(&["keys", "import", &file.to_string_lossy(), "--activate"]).done();
    }

    /// Lets the guard reach its issuer through a proxy, from its next start on.
    pub fn put_a_proxy_between(&mut self) -> Proxy {
        let proxy = Proxy::to(self.auth.address());
        self.set("API_AUTH_URL", &proxy.url);
        proxy
    }

    /// Starts both and waits until they are ready.
    pub fn run(&mut self) {
        self.auth.start();
        self.api.start();
    }

    /// Starts the guard while its issuer runs, and waits until it has caught up with the feed.
    pub fn start_guard(&mut self) {
        hearing::start(&mut self.api);
    }

    /// The folder for the test's own files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Sends `GET /user/me` with this token.
    pub fn me(&self, token: &str) -> Answer {
        self.api.get("/user/me").bearer(token).send()
    }

    /// Asserts that the guard accepts `token`.
    #[track_caller]
    pub fn accepts(&self, why: &str, token: &str) {
        let answer = self.me(token);
        assert_eq!(
            answer.status,
            200,
            "{why} is taken: {} {} {token}",
            answer.header("www-authenticate"),
            answer.text()
        );
    }

    /// The same for a guard that may have to find its issuer first or to wait for a command's
    /// effect. It answers 503 when that takes longer than a request waits.
    #[track_caller]
    pub fn accepts_soon(&self, why: &str, token: &str) {
        poll::until(why, Duration::from_secs(30), || self.me(token).status != 503);
        self.accepts(why, token);
    }

    /// Asserts that the guard refuses `token` by RFC 6750 §3 and does not echo it; returns the
    /// description.
    #[track_caller]
    pub fn refuses(&self, why: &str, token: &str) -> String {
        let answer = self.me(token);
        refused(why, token, &answer)
    }

    /// Asserts also that the description holds `word`.
    #[track_caller]
    pub fn refuses_as(&self, word: &str, why: &str, token: &str) {
        let description = self.refuses(why, token);
        assert!(description.contains(word), "{why}: no `{word}` in `{description}`");
    }
}

/// An issuer with settings and an empty folder.
pub fn issuer_in(folder: &Path) -> Service {
    let mut auth = Service::new(binaries::auth_service(), folder, "AUTH");
    let issuer = auth.url.clone();
    auth.launch.set("AUTH_ISSUER", &issuer);
    auth.launch.set("AUTH_KEY_BITS", "2048");
    // Every user of a test signs up from one address.
    auth.launch.set("AUTH_SIGN_UPS_PER_ADDRESS", "off");
    auth
}

/// A guard of this issuer, with settings and an empty folder.
pub fn guard_of(auth: &Service, folder: &Path) -> Service {
    let mut api = Service::new(binaries::api_service(), folder, "API");
    api.launch.set("API_ISSUER", &auth.url);
    let public = api.url.clone();
    api.launch.set("API_PUBLIC_URL", &public);
    let secret = auth.path("keys/clients/api-service.secret");
    api.launch.set("API_CLIENT_SECRET_FILE", &secret.to_string_lossy());
    api
}

/// Asserts that `answer` refuses a bad token; returns the description.
#[track_caller]
pub fn refused(why: &str, token: &str, answer: &Answer) -> String {
    let challenge = answer.header("www-authenticate").to_owned();
    let seen = format!("{why}: {} `{challenge}` {} {token}", answer.status, answer.text());
    assert_eq!(answer.status, 401, "{seen}");
    assert_eq!(answer.json(), serde_json::json!({"message": "Token is invalid !!"}), "{seen}");
    assert!(challenge.starts_with("Bearer "), "{seen}");
    assert!(challenge.contains(r#"error="invalid_token""#), "{seen}");
    let description = challenge
        .split_once(r#"error_description=""#)
        .and_then(|(_, rest)| rest.split_once('"'))
        .map(|(description, _)| description.to_owned());
    let Some(description) = description else { panic!("no description: {seen}") };
    let allowed = |c: char| matches!(c, '\x20'..='\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e');
    assert!(description.chars().all(allowed), "{seen}");
    let part = token.split('.').find(|part| part.len() > 12);
    assert!(part.is_none_or(|part| !challenge.contains(part)), "the token is echoed: {seen}");
    description
}

/// The claims of a fresh token of a fresh user, for tests that change one of them.
pub fn good_claims(pair: &Pair) -> serde_json::Value {
    let user = crate::user::User::signed_up(&pair.auth, "Grace");
    token::claims(&user.log_in(&pair.auth))
}
