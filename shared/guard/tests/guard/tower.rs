//! Tests of the layer for tower, and of the extractors for axum.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::Extension;
use axum::routing::{get, post};
use axum::{Json, Router};
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, Request, Response};
use signet_contract::bearer::ACCESS_TOKEN_HEADER;
use signet_guard::tower::{GuardLayer, Judged, Refused};
use signet_guard::{Admin, Caller, Guard, Guards, Required, Rules, Scope, Scoped, User};
use tower_layer::Layer;
use tower_service::Service;

use super::setup::{ANN, BOB, PHONE, Setup};
use super::tokens::keys;

type Headers<'a> = &'a [(&'a str, &'a str)];

async fn name(caller: Caller) -> String {
    caller.user().map_or_else(|| caller.client_id().to_owned(), |user| user.to_string())
}

async fn user_id(user: User) -> String {
    user.public_id().to_string()
}

async fn admin_id(Admin(user): Admin) -> String {
    user.public_id().to_string()
}

async fn maybe(caller: Option<Caller>) -> String {
    match caller {
        Some(caller) => name(caller).await,
        None => "a stranger".into(),
    }
}

async fn maybe_admin(caller: Option<Admin>) -> String {
    caller.map_or_else(|| "a stranger".into(), |admin| admin.public_id().to_string())
}

struct ReadReports;

impl Scope for ReadReports {
    const NAME: &'static str = "reports:read";
}

async fn report(client: Scoped<ReadReports>) -> String {
    client.token().client_id.clone()
}

/// A caller type as a service defines it.
struct Partner(Caller);

impl Required for Partner {
    fn rules() -> Rules {
        Rules::new().service()
    }

    fn from_caller(caller: Caller) -> Option<Self> {
        (caller.client_id() != "rival").then_some(Self(caller))
    }
}

async fn partner(Judged(Partner(caller)): Judged<Partner>) -> String {
    caller.client_id().to_owned()
}

async fn order(user: User, Json(order): Json<Vec<u32>>) -> String {
    format!("{} of {}", order.len(), user.public_id())
}

async fn refuse() -> Refused {
    Refused(signet_verifier::Refusal::Forbidden { scope: None })
}

/// Returns the handlers, without guards.
fn handlers() -> Router {
    Router::new()
        .route("/anyone", get(name))
        .route("/user", get(user_id))
        .route("/operator", get(admin_id))
        .route("/report", get(report))
        .route("/partner", get(partner))
        .route("/maybe", get(maybe))
        .route("/maybe-operator", get(maybe_admin))
        .route("/order", post(order))
        .route("/refuse", get(refuse))
}

/// Returns the handlers with the layer, and below `/bare` with the guards alone.
fn app(guard: &Guard) -> Router {
    let under = |rules: Rules| handlers().layer(GuardLayer::new(guard.requiring(rules)));
    Router::new()
        .nest("/layer", under(Rules::new()))
        .nest("/admin", under(Rules::new().role("admin")))
        .nest("/reports", under(Rules::new().scope("reports:read")))
        .nest("/optional", under(Rules::new().optional()))
        .nest("/bare", handlers().layer(Extension(Guards::from(guard))))
}

fn request(path: &str, headers: Headers<'_>) -> Request<Body> {
    let mut request = Request::builder().uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).expect("a request")
}

async fn text(
    body: impl http_body_util::BodyExt<Data = bytes::Bytes, Error: std::fmt::Debug>,
) -> String {
    let body = body.collect().await.expect("a body").to_bytes();
    String::from_utf8(body.to_vec()).expect("text")
}

fn field(headers: &HeaderMap, name: impl http::header::AsHeaderName) -> &str {
    headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
}

/// Returns the answer of `path` to these headers: status, challenge, body.
async fn answer(mut app: Router, path: &str, headers: Headers<'_>) -> (u16, String, String) {
    let Ok(response) = app.call(request(path, headers)).await;
    let (parts, body) = response.into_parts();
    let status = parts.status.as_u16();
    assert_eq!(status == 503, parts.headers.contains_key(RETRY_AFTER), "{path}");
    (status, field(&parts.headers, WWW_AUTHENTICATE).to_owned(), text(body).await)
}

fn good(name: &impl ToString) -> (u16, String, String) {
    (200, String::new(), name.to_string())
}

#[actix_web::test]
async fn handlers_receive_the_caller() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let ann = setup.user(ANN, PHONE, &["user", "admin"]);
    for place in ["/layer", "/admin", "/optional", "/bare"] {
        for handler in ["/anyone", "/user", "/operator", "/maybe", "/maybe-operator"] {
            let path = format!("{place}{handler}");
            let got = answer(app(&guard), &path, &[(ACCESS_TOKEN_HEADER, &ann)]).await;
            assert_eq!(got, good(&ANN), "{path}");
        }
    }
    let service = setup.token(&keys()[0], setup.position()).service("reporting");
    let bearer = format!("bearer {service}");
    for path in ["/layer/anyone", "/bare/anyone", "/layer/partner", "/bare/maybe"] {
        let got = answer(app(&guard), path, &[("authorization", &bearer)]).await;
        assert_eq!(got, good(&"reporting"), "{path}");
    }
}

#[actix_web::test]
async fn refusals_match_the_contract() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let bob = setup.user(BOB, PHONE, &["user"]);
    let bob_again = format!("Bearer {}", setup.user(BOB, PHONE, &["user"]));
    for path in ["/layer/anyone", "/admin/maybe", "/bare/user", "/bare/partner"] {
        let (status, challenge, body) = answer(app(&guard), path, &[]).await;
        assert_eq!((status, challenge.as_str()), (401, "Bearer"), "{path}");
        assert_eq!(body, r#"{"message":"Token is missing !!"}"#);
    }
    for path in ["/layer/anyone", "/admin/maybe", "/optional/maybe", "/bare/user", "/bare/maybe"] {
        let bad = [(ACCESS_TOKEN_HEADER, "bad")];
        let (status, challenge, body) = answer(app(&guard), path, &bad).await;
        assert_eq!(status, 401, "{path}");
        assert!(challenge.starts_with(r#"Bearer error="invalid_token""#), "{challenge}");
        assert_eq!(body, r#"{"message":"Token is invalid !!"}"#);

        let two = [(ACCESS_TOKEN_HEADER, bob.as_str()), ("authorization", &bob_again)];
        assert_eq!(answer(app(&guard), path, &two).await.0, 400, "{path}");
    }
    let tokens = setup.token(&keys()[0], setup.position());
    let (service, rival) = (tokens.service("reporting"), tokens.service("rival"));
    for (path, token) in [
        ("/admin/anyone", &bob),
        ("/layer/operator", &bob),
        ("/layer/maybe-operator", &bob),
        ("/layer/partner", &bob),
        ("/bare/partner", &rival),
        ("/bare/user", &service),
        ("/layer/refuse", &bob),
    ] {
        let got = answer(app(&guard), path, &[(ACCESS_TOKEN_HEADER, token)]).await;
        assert_eq!(
            (got.0, got.1.as_str()),
            (403, r#"Bearer error="insufficient_scope""#),
            "{path}"
        );
        let problem: serde_json::Value = serde_json::from_str(&got.2).expect("a problem");
        assert_eq!(problem["status"], 403);
    }
    let Ok(response) = app(&guard).call(request("/layer/anyone", &[])).await;
    assert_eq!(field(response.headers(), CACHE_CONTROL), "no-store");
    assert_eq!(field(response.headers(), CONTENT_TYPE), "application/json");
}

#[actix_web::test]
async fn scope_is_required_in_the_token() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let tokens = setup.token(&keys()[0], setup.position());
    let scoped = tokens.service_with_scope("reporting", "events:read reports:read");
    let refused = [
        tokens.service("reporting"),
        tokens.service_with_scope("reporting", "events:read reports:read-all"),
        setup.user(ANN, PHONE, &["user", "admin"]),
    ];
    for path in ["/layer/report", "/reports/anyone", "/bare/report"] {
        let got = answer(app(&guard), path, &[(ACCESS_TOKEN_HEADER, &scoped)]).await;
        assert_eq!(got, good(&"reporting"), "{path}");
        for token in &refused {
            let (status, challenge, _) =
                answer(app(&guard), path, &[(ACCESS_TOKEN_HEADER, token)]).await;
            let named = r#"Bearer error="insufficient_scope", scope="reports:read""#;
            assert_eq!((status, challenge.as_str()), (403, named), "{path}");
        }
    }
}

#[actix_web::test]
async fn request_without_a_token_may_pass_without_a_caller() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    for path in ["/optional/maybe", "/optional/maybe-operator", "/bare/maybe"] {
        assert_eq!(answer(app(&guard), path, &[]).await, good(&"a stranger"), "{path}");
        let basic = [("authorization", "Basic YTpi")];
        assert_eq!(answer(app(&guard), path, &basic).await, good(&"a stranger"), "{path}");
    }
    assert_eq!(answer(app(&guard), "/optional/anyone", &[]).await.0, 401);
}

#[actix_web::test]
async fn route_with_stricter_guards_judges_again() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let stricter = Guards::from(guard.requiring(Rules::new().role("admin")));
    let app = handlers().layer(Extension(stricter)).layer(GuardLayer::new(&guard));
    for (user, roles, status) in [(ANN, &["user", "admin"][..], 200), (BOB, &["user"], 403)] {
        let token = setup.user(user, PHONE, roles);
        for path in ["/anyone", "/maybe"] {
            let got = answer(app.clone(), path, &[(ACCESS_TOKEN_HEADER, &token)]).await;
            assert_eq!(got.0, status, "{path}");
        }
    }
}

#[actix_web::test]
async fn one_request_is_judged_once() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let ann = setup.user(ANN, PHONE, &["user"]);
    answer(app(&guard), "/layer/anyone", &[(ACCESS_TOKEN_HEADER, &ann)]).await;
    assert_eq!(guard.status().admitted, 1);
}

#[actix_web::test]
async fn undecided_request_gets_retry_after() {
    let setup = Setup::new();
    setup.issuer.go_down().await;
    let guard = setup.guard().await;
    let ann = setup.user(ANN, PHONE, &["user"]);
    for path in ["/layer/anyone", "/bare/user", "/optional/maybe"] {
        let got = answer(app(&guard), path, &[(ACCESS_TOKEN_HEADER, &ann)]).await;
        assert_eq!((got.0, got.1.as_str()), (503, ""), "{path}");
    }
}

#[actix_web::test]
async fn caller_is_judged_before_the_body_is_read() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let ann = setup.user(ANN, PHONE, &["user"]);
    for (token, body, status) in [(None, "no JSON", 401), (Some(&ann), "no JSON", 400)] {
        let mut request = Request::post("/bare/order").header(CONTENT_TYPE, "application/json");
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Body::from(body)).expect("a request");
        let Ok(response) = app(&guard).call(request).await;
        assert_eq!(response.status(), status);
    }
}

#[actix_web::test]
async fn extractor_without_a_guard_answers_503() {
    for path in ["/anyone", "/user", "/partner"] {
        assert_eq!(answer(handlers(), path, &[]).await.0, 503, "{path}");
    }
}

/// A service that counts its calls, and takes one only when it said that it is ready.
#[derive(Default)]
struct Probe {
    ready: bool,
    calls: Arc<AtomicUsize>,
}

impl Clone for Probe {
    fn clone(&self) -> Self {
        Self { ready: false, calls: Arc::clone(&self.calls) }
    }
}

impl Service<Request<Body>> for Probe {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "a call of a service that is not ready");
        assert!(request.extensions().get::<Guards>().is_some());
        self.calls.fetch_add(1, Ordering::SeqCst);
        let user = request.extensions().get::<Caller>().and_then(Caller::user);
        ready(Ok(Response::new(Body::from(format!("{user:?}")))))
    }
}

#[actix_web::test]
async fn only_admitted_requests_reach_the_ready_service() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let ann = setup.user(ANN, PHONE, &["user"]);
    let probe = Probe::default();
    let mut service = GuardLayer::new(&guard).layer(probe.clone());
    for (token, status, calls) in [("bad", 401, 0), (&ann, 200, 1), ("", 401, 1), (&ann, 200, 2)] {
        let Ok(()) = std::future::poll_fn(|context| service.poll_ready(context)).await;
        let Ok(response) = service.call(request("/", &[(ACCESS_TOKEN_HEADER, token)])).await;
        assert_eq!(response.status(), status);
        assert_eq!(probe.calls.load(Ordering::SeqCst), calls);
        if status == 200 {
            assert_eq!(text(response.into_body()).await, format!("Some({ANN})"));
        }
    }
}
