//! The whole application in this process: routes, guard and replica. Only the issuer is missing.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::{ConnectionType, Method, header};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App as ActixApp, middleware};
use api_service::blocking::Blocking;
use api_service::domain::visibility::Visibility;
use api_service::http::{self, Api};
use api_service::store::{PAGE_READERS, Replica};
use serde_json::{Value, json};
use signet_contract::claims::Claims;
use signet_contract::clock::{Clock, SystemClock};
use signet_contract::directory::{DirectoryUser, UserState};
use signet_guard::store::{SavedKeys, SnapshotEnd};
use signet_guard::{Guard, GuardConfig, GuardStore};
use signet_service::protection::protect;
use support::forge::Forge;
use uuid::Uuid;

const ISSUER: &str = "https://login.example.org";
const AUDIENCE: &str = "api-service";

/// The position of the replica.
pub(crate) const POSITION: u64 = 100;

/// Creates a user of the directory.
pub(crate) fn user(name: &str) -> DirectoryUser {
    DirectoryUser {
        public_id: Uuid::new_v4(),
        name: name.into(),
        email: format!("{name}@example.org"),
        state: UserState::Active,
        roles: vec!["user".into()],
    }
}

/// Creates an operator in the directory.
pub(crate) fn operator(name: &str) -> DirectoryUser {
    DirectoryUser { roles: vec!["user".into(), "admin".into()], ..user(name) }
}

/// Creates the claims of a good token of `user`.
pub(crate) fn claims_of(user: &DirectoryUser) -> Claims {
    let now = SystemClock.now().unix_timestamp();
    Claims {
        iss: ISSUER.into(),
        sub: user.public_id.to_string(),
        public_id: Some(user.public_id),
        aud: AUDIENCE.into(),
        iat: now,
        exp: now + 1_800,
        jti: Uuid::new_v4(),
        sid: Some(Uuid::new_v4()),
        client_id: "first-party".into(),
        scope: None,
        roles: Some(user.roles.clone()),
        pos: POSITION,
    }
}

/// Creates a token with these claims, signed with the issuer's key.
pub(crate) fn signed(claims: &Claims) -> String {
    Forge::known().mint(&json!(claims))
}

/// Creates a good token of `user`.
pub(crate) fn token_of(user: &DirectoryUser) -> String {
    signed(&claims_of(user))
}

/// Creates a good token of a service.
pub(crate) fn service_token() -> String {
    let claims = claims_of(&user("service"));
    let (sub, client_id) = ("reports".to_owned(), "reports".to_owned());
    let none = Claims { public_id: None, sid: None, roles: None, ..claims };
    signed(&Claims { sub, client_id, ..none })
}

/// A response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: header::HeaderMap,
    pub(crate) body: String,
    /// True if the connection ends with the answer.
    pub(crate) closes: bool,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("ASCII"))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }
}

/// A running application with a replica that contains `users`.
pub(crate) struct App {
    api: Api,
    _folder: tempfile::TempDir,
}

impl App {
    pub(crate) async fn start(users: &[DirectoryUser], visibility: Visibility) -> Self {
        Self::start_for(&[AUDIENCE], users, visibility).await
    }

    /// Starts with these audiences.
    pub(crate) async fn start_for(
        audiences: &[&str],
        users: &[DirectoryUser],
        visibility: Visibility,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let replica = Replica::open(&folder.path().join("api.db"), 2).expect("a replica");
        let at = SystemClock.now();
        replica.begin_snapshot().expect("begun");
        replica.stage_users(users).expect("staged");
        let end = SnapshotEnd { revocations: &[], forget: &[], position: POSITION, at };
        replica.finish_snapshot(&end).expect("finished");
        let text = json!({"keys": [Forge::known().jwk()]}).to_string();
        let keys = SavedKeys { text, etag: None, fetched_at: at };
        replica.save_keys(&keys).expect("saved");
        let replica = Arc::new(replica);

        let secret = folder.path().join("client.secret");
        std::fs::write(&secret, "not used: nobody answers").expect("written");
        let mut config = GuardConfig::new(ISSUER, AUDIENCE, "api-service", secret).expect("good");
        config.audiences = audiences.iter().map(|one| (*one).to_owned()).collect();
        // No process can listen there.
        config.auth_url = "http://127.0.0.1:1".parse().expect("an address");
        let guard = Guard::start(config, replica.clone(), Arc::new(SystemClock)).await;
        let guard = guard.expect("a guard");
        let serving = async {
            while !guard.status().serving {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), serving).await.expect("serves what it holds");
        let api = Api {
            guard,
            directory: replica,
            visibility,
            blocking: Blocking::new(PAGE_READERS),
            issuer: ISSUER.into(),
            public_url: "https://users.example.org".into(),
            cors_origins: Vec::new(),
            bad_rules: http::line_limit(),
        };
        Self { api, _folder: folder }
    }

    /// Allows pages of `origin` to call.
    pub(crate) fn called_from(mut self, origin: &str) -> Self {
        self.api.cors_origins.push(origin.into());
        self
    }

    pub(crate) async fn send(&self, request: TestRequest) -> Answer {
        let app = ActixApp::new()
            .wrap(middleware::from_fn(protect))
            .configure(http::routes(self.api.clone()));
        let response = call_service(&init_service(app).await, request.to_request()).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let closes = response.response().head().connection_type() == ConnectionType::Close;
        let body = String::from_utf8(read_body(response).await.to_vec()).expect("UTF-8");
        Answer { status, headers, body, closes }
    }

    /// Sends `GET path` with a token in `x-access-token`.
    pub(crate) async fn get(&self, path: &str, token: &str) -> Answer {
        let request = TestRequest::with_uri(path).insert_header(("x-access-token", token));
        self.send(request.method(Method::GET)).await
    }
}
