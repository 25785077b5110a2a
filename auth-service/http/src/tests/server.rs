//! The issuer under test.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, middleware};
use ipnet::IpNet;
use serde_json::Value;
use signet_contract::clock::{Clock, ManualClock};
use signet_service::protection::protect;
use signet_service::request_context::{Proxies, with_context};
use signet_service::shutdown::{self, Trigger};
use tempfile::TempDir;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use crate::{Edge, Options, Snapshots, routes};
use auth_app::keys::{Rotator, follow};
use auth_app::{AppConfig, AppState};
use auth_crypto::hashing::HashingPool;
use auth_crypto::signing::KeyBits;
use auth_crypto::signing::{KeyFiles, KeyRing, PrivateKey, generate};
use auth_domain::audit::Act;
use auth_domain::keys::{Addition, Key, KeyPolicy};
use auth_domain::refresh::RefreshPolicy;
use auth_domain::throttle::Limit;
use auth_domain::tokens::TokenPolicy;
use auth_store::{Existence, Location, Store};

pub(super) const ISSUER: &str = "https://login.example.org";
const NOW: OffsetDateTime = datetime!(2026-01-02 03:04:05 UTC);

/// An issuer, with its database, clock and shutdown trigger.
pub(super) struct Server {
    pub(super) app: Arc<AppState>,
    pub(super) edge: Arc<Edge>,
    pub(super) database: Arc<Store>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) ending: Trigger,
    folder: TempDir,
}

/// The settings of an issuer that a test may change.
pub(super) struct Setup {
    pub(super) options: Options,
    pub(super) uniform_errors: bool,
    pub(super) per_account: Option<u32>,
    pub(super) per_address: Option<u32>,
    pub(super) registration_open: bool,
    pub(super) sign_ups_per_address: Option<u32>,
    pub(super) queue: usize,
    pub(super) repeat_window: Duration,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            options: Options::default(),
            uniform_errors: false,
            per_account: Some(10),
            per_address: Some(1_000),
            registration_open: true,
            sign_ups_per_address: Some(100),
            queue: 128,
            repeat_window: Duration::ZERO,
        }
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }
}

impl Server {
    pub(super) fn start() -> Self {
        Self::with(Setup::default())
    }

    pub(super) fn with(setup: Setup) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(NOW));
        let database =
            Store::open(&Location::Sqlite(folder.path().join("auth.db")), Existence::Create, NOW)
                .unwrap();
        let limit = |failures| Limit { count: failures, window: Duration::minutes(15) };
        let (ending, shutdown) = shutdown::channel();
        let keys = Arc::new(key_ring(folder.path(), &database));
        let edge = Edge { options: setup.options, snapshots: Snapshots::default(), shutdown };
        let rotator = Rotator::new(keys.files().clone(), KeyBits::B2048, keys.policy());
        let hashing = HashingPool::with(2, setup.queue).unwrap();
        let config = AppConfig {
            tokens: TokenPolicy {
                issuer: ISSUER.into(),
                audiences: vec!["api-service".into(), "billing".into()],
                life: Duration::minutes(30),
            },
            refresh: RefreshPolicy {
                idle: Duration::days(30),
                max_life: Duration::days(90),
                repeat_window: setup.repeat_window,
            },
            log_in_failures_per_account: setup.per_account.map(limit),
            log_in_failures_per_address: setup.per_address.map(limit),
            registration_open: setup.registration_open,
            sign_ups_per_address: setup.sign_ups_per_address.map(limit),
            uniform_errors: setup.uniform_errors,
        };
        let clock_of_app = Arc::clone(&clock) as Arc<dyn Clock>;
        let app = AppState::new(database.clone(), keys, rotator, hashing, config, clock_of_app);
        let app = app.unwrap();
        Self { app: Arc::new(app), edge: Arc::new(edge), database, clock, ending, folder }
    }

    /// Sends a request, from 192.0.2.1 unless it has a peer address.
    pub(super) async fn call(&self, request: TestRequest) -> Answer {
        let proxies = Proxies::new(self.edge.options.trusted_proxies.clone(), "PROXIES");
        let context = move |request, next| with_context(proxies.clone(), request, next);
        let app = App::new()
            .wrap(middleware::from_fn(protect))
            .wrap(middleware::from_fn(context))
            .configure(routes(Arc::clone(&self.app), Arc::clone(&self.edge)));
        let service = init_service(app).await;
        let mut request = request.to_request();
        if request.peer_addr().is_none() {
            request.head_mut().peer_addr = Some(SocketAddr::from(([192, 0, 2, 1], 40_000)));
        }
        let response = call_service(&service, request).await;
        let (status, headers) = (response.status(), response.headers().clone());
        // Lossy for the images of the documents page; tests compare every other body as text.
        let body = String::from_utf8_lossy(&read_body(response).await).into_owned();
        Answer { status, headers, body }
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.call(TestRequest::get().uri(path)).await
    }

    pub(super) async fn post_form(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.call(TestRequest::post().uri(path).set_form(form)).await
    }

    pub(super) async fn post_json(&self, path: &str, json: &Value) -> Answer {
        self.call(TestRequest::post().uri(path).set_json(json)).await
    }
}

/// Returns a key ring. All tests share one key: making a key takes longer than most tests.
fn key_ring(folder: &Path, database: &Store) -> KeyRing {
    static PEM: OnceLock<String> = OnceLock::new();
    let pem = PEM.get_or_init(|| generate(KeyBits::B2048).unwrap().pem().to_string());
    let key = PrivateKey::from_pem(pem.as_bytes()).unwrap();
    let files = KeyFiles::in_folder(&folder.join("signing"));
    files.keep(&key).unwrap();
    let public = key.public();
    let record = Key::fresh(public.kid, public.n, public.e, NOW);
    database.add_key(&record, Addition::Generated, &Act::by_operator(NOW)).unwrap();
    let policy = KeyPolicy {
        jwks_max_age: Duration::minutes(1),
        token_life: Duration::minutes(30),
        rotation_every: None,
        guard_patience: Duration::minutes(5),
    };
    let ring = KeyRing::open(files, database.list_keys().unwrap(), policy).unwrap();
    follow(&ring, database, NOW).unwrap();
    ring
}

pub(super) fn proxies(networks: &[&str]) -> Vec<IpNet> {
    networks.iter().map(|network| network.parse().unwrap()).collect()
}

/// Keeps every other writer out of the database until it is dropped.
pub(super) struct DatabaseLock(diesel::SqliteConnection);

impl Drop for DatabaseLock {
    fn drop(&mut self) {
        use diesel::connection::SimpleConnection as _;
        self.0.batch_execute("ROLLBACK").unwrap();
    }
}

impl Server {
    pub(super) fn lock_database(&self) -> DatabaseLock {
        use diesel::connection::SimpleConnection as _;
        use diesel::prelude::*;
        let file = self.folder.path().join("auth.db");
        let mut other = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
        other.batch_execute("PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE").unwrap();
        DatabaseLock(other)
    }
}
