//! Tokens, callers and a guard for the unit tests of a service: without an issuer, a network or a
//! file.
//!
//! The guard is a real one. It holds the key of the [`TestIssuer`] and judges each token as in
//! production. Three things differ: its data never gets too old, no task runs, and it has a directory
//! only if the test [gives it one](TestIssuer::guard_with). Without a directory, the roles in a token
//! count.
//!
//! A test of code that takes a token, in any web framework:
//!
//! ```
//! use signet_guard::testing::TestIssuer;
//! use signet_guard::{Caller, Guard, Rules};
//!
//! async fn status(guard: &Guard, token: &str) -> u16 {
//!     guard.admit(token).await.map_or_else(|refusal| refusal.status(), |_| 200)
//! }
//!
//! fn greeting(caller: &Caller) -> String {
//!     format!("hello {}", caller.client_id())
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let issuer = TestIssuer::new("https://login.example.org");
//! let guard = issuer.guard(&["orders"]).requiring(Rules::new().role("admin"));
//! let ann = issuer.user().role("admin");
//! assert_eq!(status(&guard, &ann.token()).await, 200);
//! assert_eq!(status(&guard, &issuer.user().token()).await, 403);
//! assert_eq!(status(&guard, &ann.clone().expired().token()).await, 401);
//!
//! issuer.revoke(&guard, &ann);
//! assert_eq!(status(&guard, &ann.token()).await, 401);
//!
//! // A handler that is called directly needs no token.
//! assert_eq!(greeting(&issuer.service("billing").caller()), "hello billing");
//! # }
//! ```
//!
//! In actix, the app of the test gets the guard as the real app does:
#![cfg_attr(feature = "actix", doc = "```")]
#![cfg_attr(not(feature = "actix"), doc = "```ignore")]
//! use actix_web::{App, test, web};
//! use signet_guard::User;
//! use signet_guard::testing::TestIssuer;
//!
//! async fn hello(user: User) -> String {
//!     user.public_id().to_string()
//! }
//!
//! # #[actix_web::main] async fn main() {
//! let issuer = TestIssuer::new("https://login.example.org");
//! let guard = web::Data::new(issuer.guard(&["orders"]));
//! let app = App::new().app_data(guard).route("/hello", web::get().to(hello));
//! let app = test::init_service(app).await;
//! let bearer = format!("Bearer {}", issuer.user().token());
//! let request = test::TestRequest::get().uri("/hello").append_header(("Authorization", bearer));
//! assert_eq!(test::call_service(&app, request.to_request()).await.status(), 200);
//! # }
//! ```
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a wrong use of these helpers ends the test that makes it"
)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::feed::{FeedView, take_in, write_events};
use super::freshness::Stamp;
use super::keys::KeyCache;
use super::revocations::Revocations;
use super::transport::Skew;
use super::{Caller, Guard, GuardConfig, GuardStore, Inner};
use signet_contract::claims::{Claims, FIRST_PARTY, ROLE_USER};
use signet_contract::clock::{Clock, SystemClock};
use signet_contract::events::{Change, Event};
use signet_verifier::{AccessToken, PublicKey, Subject, access_token_header};

/// The life of a token, unless a test sets another one.
const LIFE: time::Duration = time::Duration::minutes(30);

/// An issuer without a server. All issuers of one process sign with the same new key, which is in
/// memory only.
#[derive(Debug)]
pub struct TestIssuer {
    issuer: String,
    /// The audiences of the guards that were made.
    audiences: Mutex<Vec<String>>,
    /// The position of the feed. A token from before a revocation has a lower one.
    position: AtomicU64,
}

impl TestIssuer {
    /// Creates an issuer with this address, the `iss` of its tokens.
    pub fn new(issuer: impl Into<String>) -> Self {
        Self { issuer: issuer.into(), audiences: Mutex::default(), position: AtomicU64::new(1) }
    }

    /// Creates a guard that serves from the start and holds the key of this issuer. It needs no tokio
    /// runtime.
    ///
    /// # Panics
    ///
    /// The issuer is no http or https address.
    pub fn guard(&self, audiences: &[&str]) -> Guard {
        self.guard_on(audiences, None)
    }

    /// Creates such a guard with the directory of `store`. A user of a token must be in the directory:
    /// [`apply`](Self::apply) adds users.
    ///
    /// # Panics
    ///
    /// The issuer is no http or https address, or the store has no directory.
    pub fn guard_with(&self, audiences: &[&str], store: Arc<dyn GuardStore>) -> Guard {
        assert!(store.has_directory(), "the store has no directory");
        self.guard_on(audiences, Some(store))
    }

    fn guard_on(&self, audiences: &[&str], directory: Option<Arc<dyn GuardStore>>) -> Guard {
        let config = GuardConfig::new(&self.issuer, "", "test", "").expect("the issuer's address");
        let audiences: Vec<_> = audiences.iter().map(ToString::to_string).collect();
        self.audiences.lock().unwrap_or_else(PoisonError::into_inner).extend(audiences.clone());
        let config = GuardConfig { audiences, max_staleness: Duration::MAX, ..config };

        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let now = Stamp::now(&*clock);
        let keys = KeyCache::fixed(vec![key().public.clone()], now);
        let feed = FeedView::new(Some(self.position.load(Ordering::SeqCst)), Some(now));
        feed.change(|seen| seen.caught_up = true);
        feed.start();
        let revocations = Revocations::new(config.max_token_life.saturating_add(config.leeway));
        let inner = Inner::new(&config, clock, directory, keys, feed, revocations, Skew::default());
        Guard { inner: Arc::new(inner), rules: Arc::default() }
    }

    /// Returns a new user's token, from a new session, with the role `user`.
    pub fn user(&self) -> TestToken {
        let roles = vec![ROLE_USER.to_owned()];
        let subject = Subject::User { public_id: Uuid::new_v4(), sid: Uuid::new_v4(), roles };
        self.issue(subject, FIRST_PARTY)
    }

    /// Returns the token of a service, without a scope.
    pub fn service(&self, client_id: &str) -> TestToken {
        self.issue(Subject::Service, client_id)
    }

    /// Ends the user's session, or removes the service's client. The guard refuses its tokens from
    /// now on.
    pub fn revoke(&self, guard: &Guard, token: &TestToken) {
        let change = match &token.0.subject {
            Subject::User { public_id, sid, .. } => {
                Change::SessionRevoked { sid: *sid, public_id: *public_id }
            }
            Subject::Service => Change::ClientRemoved { client_id: token.0.client_id.clone() },
        };
        let seq = self.position.fetch_add(1, Ordering::SeqCst) + 1;
        self.apply(guard, &[Event { seq, at: SystemClock.now(), change }]);
    }

    /// Applies a batch of the feed to the guard, as its reader does: to memory, then to the store of a
    /// [guard with a directory](Self::guard_with). The `seq` of the first event follows that of the
    /// last one before; an issuer begins at 2.
    ///
    /// # Panics
    ///
    /// The store can't be written.
    pub fn apply(&self, guard: &Guard, events: &[Event]) {
        let Some(position) = events.last().map(|event| event.seq) else { return };
        let inner = &guard.inner;
        let superfluous = take_in(&inner.revocations, &inner.keys, &inner.verdicts, events);
        if let Some(store) = &inner.directory {
            let now = inner.clock.now();
            write_events(&**store, events, position, &superfluous, now).expect("the store");
        }
        self.position.fetch_max(position, Ordering::SeqCst);
        inner.feed.move_to(Some(position));
    }

    fn issue(&self, subject: Subject, client_id: &str) -> TestToken {
        let now = SystemClock.now();
        TestToken(AccessToken {
            subject,
            issuer: self.issuer.clone(),
            audience: self.audiences.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            client_id: client_id.to_owned(),
            scope: None,
            issued_at: now,
            not_before: None,
            expires_at: now + LIFE,
            jti: Uuid::new_v4(),
            pos: self.position.load(Ordering::SeqCst),
            kid: key().public.kid().to_owned(),
        })
    }
}

/// A token of a [`TestIssuer`]. Without another audience, it is for those of all guards that the
/// issuer has made before.
#[derive(Debug, Clone)]
pub struct TestToken(AccessToken);

impl TestToken {
    /// Adds a role.
    ///
    /// # Panics
    ///
    /// The token is a service's: it has no roles.
    #[must_use]
    pub fn role(mut self, role: &str) -> Self {
        match &mut self.0.subject {
            Subject::User { roles, .. } => roles.push(role.to_owned()),
            Subject::Service => panic!("a service has no role; give it a scope"),
        }
        self
    }

    /// Grants a scope.
    #[must_use]
    pub fn scope(mut self, scope: &str) -> Self {
        self.0.scope = Some(match self.0.scope {
            Some(before) => format!("{before} {scope}"),
            None => scope.to_owned(),
        });
        self
    }

    /// Sets the client to which the token was issued. For a service, the service itself.
    #[must_use]
    pub fn client(mut self, client_id: &str) -> Self {
        client_id.clone_into(&mut self.0.client_id);
        self
    }

    /// Sets the only audience.
    #[must_use]
    pub fn audience(mut self, audience: &str) -> Self {
        self.0.audience = vec![audience.to_owned()];
        self
    }

    /// Sets `iat`.
    #[must_use]
    pub fn issued_at(mut self, at: OffsetDateTime) -> Self {
        self.0.issued_at = at;
        self
    }

    /// Sets `exp`.
    #[must_use]
    pub fn expires_at(mut self, at: OffsetDateTime) -> Self {
        self.0.expires_at = at;
        self
    }

    /// Moves the life of the token into the past: it expired an hour ago.
    #[must_use]
    pub fn expired(self) -> Self {
        let end = SystemClock.now() - time::Duration::HOUR;
        self.issued_at(end - LIFE).expires_at(end)
    }

    /// Returns the caller with this token, for a handler that is called directly. Nothing is checked.
    pub fn caller(&self) -> Caller {
        Caller(Arc::new(self.0.clone()))
    }

    /// Returns the signed text of the token.
    ///
    /// # Panics
    ///
    /// The machine has no random numbers.
    pub fn token(&self) -> String {
        let AccessToken { subject, client_id, .. } = &self.0;
        let (sub, public_id, sid, roles) = match subject {
            Subject::User { public_id, sid, roles } => {
                (public_id.to_string(), Some(*public_id), Some(*sid), Some(roles.clone()))
            }
            Subject::Service => (client_id.clone(), None, None, None),
        };
        let claims = Claims {
            iss: self.0.issuer.clone(),
            sub,
            public_id,
            aud: String::new(),
            iat: self.0.issued_at.unix_timestamp(),
            exp: self.0.expires_at.unix_timestamp(),
            jti: self.0.jti,
            sid,
            client_id: client_id.clone(),
            scope: self.0.scope.clone(),
            roles,
            pos: self.0.pos,
        };
        let mut claims = json!(claims);
        claims["aud"] = json!(self.0.audience);
        sign(&claims)
    }
}

struct Key {
    pair: KeyPair,
    public: PublicKey,
}

fn key() -> &'static Key {
    static KEY: OnceLock<Key> = OnceLock::new();
    KEY.get_or_init(|| {
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key pair");
        let numbers = pair.public_key();
        let public = PublicKey::from_components(
            numbers.modulus().big_endian_without_leading_zero(),
            numbers.exponent().big_endian_without_leading_zero(),
        );
        let public = public.expect("a public key");
        Key { pair, public }
    })
}

fn sign(claims: &serde_json::Value) -> String {
    let Key { pair, public } = key();
    let signed = format!("{}.{}", part(&access_token_header(public.kid())), part(claims));
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
        .expect("a signature");
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn part(json: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(json).expect("JSON"))
}
