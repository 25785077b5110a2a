//! A test issuer. It follows the contract unless a test sets other answers.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;
use signet_contract::audiences;
use signet_contract::directory::{DirectoryPage, DirectoryUser, UserState};
use signet_contract::events::{Change, Event, FeedPage, UserChange};
use time::OffsetDateTime;
use tokio::net::TcpSocket;
use tokio::sync::watch;
use uuid::Uuid;

use super::tokens::{Key, Token, keys};

/// The issuer's data, and the requests that it received.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) users: BTreeMap<u64, DirectoryUser>,
    pub(crate) events: Vec<Event>,
    pub(crate) position: u64,
    pub(crate) jwks: Vec<serde_json::Value>,
    pub(crate) secret: String,
    /// The tokens of the guard's client, each with the secret of its request.
    pub(crate) issued: Vec<(String, String)>,
    pub(crate) policy: Policy,
    /// The bodies of the feed's next answers, each sent with a `200`.
    pub(crate) lies: Vec<String>,
    /// The status of every answer of the feed.
    pub(crate) feed_status: Option<StatusCode>,
    pub(crate) key_fetches: usize,
    pub(crate) snapshots: usize,
    /// The `after` of each page of the directory that was asked for.
    pub(crate) pages: Vec<Option<u64>>,
    /// True if no page after the first is sent.
    pub(crate) holds_pages: bool,
    /// The `kids` and the `instance` of the last poll.
    pub(crate) polled: (String, String),
    /// The `after` and the `kids` of each poll.
    pub(crate) calls: Vec<(u64, String)>,
}

/// The changes that a test makes to the tokens of the issuer.
#[derive(Default)]
pub(crate) struct Policy {
    /// An `iss` other than the address.
    pub(crate) issuer: Option<String>,
    /// A life other than half an hour, in seconds.
    pub(crate) life: Option<i64>,
    /// The audiences that the feed names.
    pub(crate) audiences: Option<Vec<String>>,
    /// True if the other one of the two keys signs.
    pub(crate) other_key: bool,
}

/// The issuer; a clone is another handle.
#[derive(Clone)]
pub(crate) struct Issuer {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
    changed: Arc<watch::Sender<u64>>,
    server: Arc<Mutex<Option<ServerHandle>>>,
    /// A socket that never listens. It reserves the port while the issuer is down.
    _place: Arc<TcpSocket>,
}

impl Issuer {
    /// Starts an issuer with this key.
    pub(crate) fn start(key: &Key) -> Self {
        let place = TcpSocket::new_v4().expect("a socket");
        place.set_reuseaddr(true).expect("shared with the listener");
        place.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a port");
        let address = place.local_addr().expect("an address");
        let listener = TcpListener::bind(address).expect("its own port");
        let url = format!("http://{address}");
        let position = 1_000;
        let (secret, jwks) = ("correct".into(), vec![key.jwk.clone()]);
        let state = State { position, jwks, secret, ..State::default() };
        let issuer = Self {
            url,
            state: Arc::new(Mutex::new(state)),
            changed: Arc::new(watch::Sender::new(0)),
            server: Arc::default(),
            _place: Arc::new(place),
        };
        issuer.listen(listener);
        issuer
    }

    fn listen(&self, listener: TcpListener) {
        let issuer = self.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(web::Data::new(issuer.clone()))
                .route("/oauth2/token", web::post().to(token))
                .route("/.well-known/jwks.json", web::get().to(jwks))
                .route("/feed", web::get().to(feed))
                .route("/directory/users", web::get().to(directory))
        });
        let server = server.workers(1).disable_signals().shutdown_timeout(0);
        let server = server.listen(listener).expect("a listener").run();
        *self.server.lock().expect("whole") = Some(server.handle());
        actix_web::rt::spawn(server);
    }

    /// Stops the server: connections are closed and refused.
    pub(crate) async fn go_down(&self) {
        let server = self.server.lock().expect("whole").take().expect("it runs");
        server.stop(false).await;
    }

    /// Starts the server again at the same address.
    pub(crate) async fn come_back(&self) {
        let address = self.url.strip_prefix("http://").expect("its own URL");
        // The port may still be held by connections that were just closed.
        for _ in 0..1_000 {
            if let Ok(listener) = TcpListener::bind(address) {
                return self.listen(listener);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("the port does not come free");
    }

    /// Reads or changes the state.
    pub(crate) fn with<T>(&self, what: impl FnOnce(&mut State) -> T) -> T {
        what(&mut self.state.lock().expect("whole"))
    }

    /// Appends to the feed; returns the position.
    pub(crate) fn tell(&self, change: Change) -> u64 {
        let seq = self.with(|state| {
            state.position += 1;
            let (seq, at) = (state.position, now());
            state.events.push(Event { seq, at, change });
            seq
        });
        self.changed.send_modify(|count| *count += 1);
        seq
    }

    /// Adds a user; returns the position after it.
    pub(crate) fn sign_up(&self, public_id: Uuid, roles: &[&str]) -> u64 {
        let roles = roles.iter().map(ToString::to_string).collect();
        let (name, email) = ("n".to_owned(), format!("{public_id}@example.org"));
        let user = DirectoryUser { public_id, name, email, state: UserState::Active, roles };
        let seq = self.tell(Change::UserCreated(record(&user)));
        self.with(|state| state.users.insert(seq, user));
        seq
    }

    /// Changes a user and appends it to the feed.
    pub(crate) fn change_user(
        &self,
        public_id: Uuid,
        change: impl FnOnce(&mut DirectoryUser),
        told: impl FnOnce(UserChange) -> Change,
    ) -> u64 {
        let record = self.with(|state| {
            let mut users = state.users.values_mut();
            let user = users.find(|user| user.public_id == public_id).expect("a user");
            change(user);
            record(user)
        });
        self.tell(told(record))
    }
}

fn record(user: &DirectoryUser) -> UserChange {
    UserChange {
        public_id: user.public_id,
        state: user.state,
        name: Some(user.name.clone()),
        email: Some(user.email.clone()),
        roles: Some(user.roles.clone()),
    }
}

#[expect(clippy::disallowed_methods, reason = "the issuer runs beside a guard on the real clock")]
fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

async fn token(issuer: web::Data<Issuer>, request: HttpRequest, body: String) -> HttpResponse {
    let expected = issuer.with(|state| format!("api-service:{}", state.secret));
    let expected = format!("Basic {}", STANDARD.encode(expected));
    let given = request.headers().get(AUTHORIZATION);
    if given.is_none_or(|given| *given != *expected) {
        return HttpResponse::Unauthorized().json(json!({"error": "invalid_client"}));
    }
    assert_eq!(body, "grant_type=client_credentials");
    let url = issuer.url.clone();
    let token = issuer.with(|state| {
        let iss = state.policy.issuer.clone().unwrap_or(url);
        let [first, second] = keys();
        let signs = |key: &Key| state.jwks.iter().any(|jwk| jwk["kid"] == *key.kid);
        let key = if signs(first) == state.policy.other_key { second } else { first };
        let token = Token { issuer: &iss, now: now(), key, pos: state.position };
        let token = token.own("api-service", state.policy.life.unwrap_or(1_800));
        state.issued.push((state.secret.clone(), token.clone()));
        token
    });
    let expires_in = 1_800;
    HttpResponse::Ok()
        .json(json!({"access_token": token, "token_type": "Bearer", "expires_in": expires_in}))
}

fn knows(issuer: &Issuer, request: &HttpRequest) -> bool {
    let given = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(given) = given.and_then(|value| value.strip_prefix("Bearer ")) else { return false };
    issuer.with(|state| {
        state.issued.iter().any(|(secret, token)| *secret == state.secret && token == given)
    })
}

/// A page of the feed, with the header that names the audiences.
fn answer(issuer: &Issuer, page: Option<FeedPage>) -> HttpResponse {
    let Some(page) = page else { return HttpResponse::Gone().finish() };
    let mut answer = HttpResponse::Ok();
    if let Some(named) = issuer.with(|state| state.policy.audiences.clone()) {
        answer.insert_header((audiences::AUDIENCE_HEADER, audiences::write(&named)));
    }
    answer.json(page)
}

async fn jwks(issuer: web::Data<Issuer>, request: HttpRequest) -> HttpResponse {
    let keys = issuer.with(|state| {
        state.key_fetches += 1;
        state.jwks.clone()
    });
    let etag = format!(
        "\"{}\"",
        keys.iter().map(|key| key["kid"].to_string().replace('"', "")).collect::<String>()
    );
    if request.headers().get(IF_NONE_MATCH).is_some_and(|held| *held == *etag) {
        return HttpResponse::NotModified().finish();
    }
    HttpResponse::Ok()
        .insert_header((ETAG, etag))
        .insert_header((CACHE_CONTROL, "public, max-age=60"))
        .json(json!({"keys": keys}))
}

#[derive(Deserialize)]
struct FeedQuery {
    after: u64,
    wait: u64,
    limit: usize,
    instance: String,
    kids: String,
}

async fn feed(
    issuer: web::Data<Issuer>,
    request: HttpRequest,
    query: web::Query<FeedQuery>,
) -> HttpResponse {
    if !knows(&issuer, &request) {
        return HttpResponse::Unauthorized().finish();
    }
    let mut changed = issuer.changed.subscribe();
    let (lie, status) = issuer.with(|state| {
        state.polled = (query.kids.clone(), query.instance.clone());
        state.calls.push((query.after, query.kids.clone()));
        (state.lies.pop(), state.feed_status)
    });
    if let Some(status) = status {
        return HttpResponse::build(status).finish();
    }
    if let Some(lie) = lie {
        return HttpResponse::Ok().content_type("application/json").body(lie);
    }
    let page = || {
        issuer.with(|state| {
            let oldest = state.events.first().map_or(state.position + 1, |event| event.seq);
            if query.after + 1 < oldest || query.after > state.position {
                return None;
            }
            let newer = state.events.iter().filter(|event| event.seq > query.after);
            let events: Vec<_> = newer.take(query.limit).cloned().collect();
            let next = events.last().map_or(query.after, |event| event.seq);
            Some(FeedPage { events, next, oldest })
        })
    };
    let now = page();
    if query.wait > 0 && now.as_ref().is_some_and(|page| page.events.is_empty()) {
        let wait = Duration::from_secs(query.wait);
        let _ = tokio::time::timeout(wait, changed.changed()).await;
        return answer(&issuer, page());
    }
    answer(&issuer, now)
}

#[derive(Deserialize)]
struct DirectoryQuery {
    after: Option<u64>,
    limit: usize,
}

async fn directory(
    issuer: web::Data<Issuer>,
    request: HttpRequest,
    query: web::Query<DirectoryQuery>,
) -> HttpResponse {
    if !knows(&issuer, &request) {
        return HttpResponse::Unauthorized().finish();
    }
    issuer.with(|state| state.pages.push(query.after));
    while query.after.is_some() && issuer.with(|state| state.holds_pages) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Pages of at most two, so that there are several.
    let limit = query.limit.min(2);
    HttpResponse::Ok().json(issuer.with(|state| {
        let from = query.after.map_or(0, |cursor| cursor + 1);
        let page: Vec<_> = state.users.range(from..).take(limit).collect();
        let last = page.last().map_or(u64::MAX - 1, |(place, _)| **place);
        let more = state.users.range(last + 1..).next().is_some();
        let users = page.into_iter().map(|(_, user)| user.clone()).collect();
        let first = query.after.is_none();
        state.snapshots += usize::from(first);
        let revoking = state.events.iter().filter(|event| signet_guard::revokes(&event.change));
        let revocations = if first { revoking.cloned().collect() } else { Vec::new() };
        let next = more.then(|| last.to_string());
        DirectoryPage { users, revocations, position: state.position, next }
    }))
}
