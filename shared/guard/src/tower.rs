//! The guard in tower: [`GuardLayer`] for axum and tonic, extractors for axum.
//!
//! A handler names the caller that it needs as a parameter, so it can't forget the check. The
//! extractors use the guards of the layer, or those of `axum::Extension(Guards)`. axum reads the body
//! last, so a body is read only if its caller was admitted. Each refusal is logged, without any part of
//! the token.
//!
//! ```no_run
//! use axum::routing::{get, post};
//! use axum::{Json, Router};
//! use signet_guard::tower::GuardLayer;
//! use signet_guard::{Caller, Guard, Rules, Scope, Scoped, User};
//!
//! async fn hello(caller: Option<Caller>) -> String {
//!     caller.map_or("a stranger".into(), |caller| caller.client_id().to_owned())
//! }
//!
//! async fn order(user: User, Json(order): Json<Vec<u32>>) -> String {
//!     format!("{} orders {order:?}", user.public_id())
//! }
//!
//! struct ReadReports;
//!
//! impl Scope for ReadReports {
//!     const NAME: &'static str = "reports:read";
//! }
//!
//! async fn report(client: Scoped<ReadReports>) -> String {
//!     format!("a report for {}", client.token().client_id)
//! }
//!
//! # fn app(guard: Guard) -> Router {
//! Router::new()
//!     .route("/orders", post(order))
//!     .route("/reports", get(report))
//!     .layer(GuardLayer::new(&guard))
//!     // A request without a token reaches this route, too.
//!     .route("/hello", get(hello).layer(GuardLayer::new(guard.requiring(Rules::new().optional()))))
//! # }
//! ```
//!
//! The same layer serves tonic: `Server::builder().layer(GuardLayer::new(&guard).grpc())`. It then refuses
//! with a gRPC status. A method finds its caller in `request.extensions().get::<Caller>()`.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum_core::body::Body;
use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use axum_core::response::IntoResponse;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{Either, Full};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use tower_layer::Layer;
use tower_service::Service;

use super::issuers::Admitted;
use super::{Admin, Caller, Guards, Required, Scope, Scoped, User};
use signet_verifier::{Refusal, presented};

/// The characters that `grpc-message` escapes, beside those outside ASCII.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');

/// A layer that verifies the token of every request before the service inside. The extensions of an
/// admitted request hold its [`Caller`] and the [`Guards`].
#[derive(Clone)]
pub struct GuardLayer {
    guards: Guards,
    grpc: bool,
}

impl GuardLayer {
    /// Admits callers by a guard, or by the guards of several issuers, with their rules.
    pub fn new(guards: impl Into<Guards>) -> Self {
        Self { guards: guards.into(), grpc: false }
    }

    /// Refuses gRPC requests with a gRPC status, in a response with status 200. Only for a service of
    /// gRPC: the client's media type chooses this form, and a proxy with forward authentication takes
    /// every 200 for an admission.
    #[must_use]
    pub fn grpc(self) -> Self {
        Self { grpc: true, ..self }
    }
}

impl<S> Layer<S> for GuardLayer {
    type Service = GuardService<S>;

    fn layer(&self, service: S) -> Self::Service {
        GuardService { service, guards: self.guards.clone(), grpc: self.grpc }
    }
}

/// The service of a [`GuardLayer`].
#[derive(Clone)]
pub struct GuardService<S> {
    service: S,
    guards: Guards,
    grpc: bool,
}

impl<S, Sent, Answered> Service<Request<Sent>> for GuardService<S>
where
    S: Service<Request<Sent>, Response = Response<Answered>> + Clone + Send + 'static,
    S::Future: Send,
    Sent: Send + 'static,
{
    type Response = Response<Either<Answered, Full<Bytes>>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Sent>) -> Self::Future {
        // The service that said it is ready takes the request; a clone may not be ready.
        let next = self.service.clone();
        let mut service = mem::replace(&mut self.service, next);
        let guards = self.guards.clone();
        // gRPC always sends POST.
        let grpc = self.grpc && request.method() == Method::POST;
        Box::pin(async move {
            match guards.admit_optional(request.headers()).await {
                Ok(caller) => {
                    let extensions = request.extensions_mut();
                    extensions.insert(guards.clone());
                    if let Some(caller) = caller {
                        admitted(extensions, caller, guards);
                    }
                    service.call(request).await.map(|response| response.map(Either::Left))
                }
                Err(refusal) => {
                    log_refusal(&refusal);
                    let response = match grpc.then(|| grpc_type(request.headers())).flatten() {
                        Some(media_type) => grpc_response(&refusal, media_type),
                        None => response(&refusal),
                    };
                    Ok(response.map(Either::Right))
                }
            }
        })
    }
}

/// A refusal as the response of a handler or an extractor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(pub Refusal);

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response<Body> {
        response(&self.0).map(Body::new)
    }
}

/// Extracts a caller type of the service: `Judged<Mine>`. The types of this crate need no wrapper.
#[derive(Debug, Clone)]
pub struct Judged<R>(pub R);

macro_rules! extracted {
    ($($extracted:ty, $required:ty, $of:expr $(, $of_type:ident: $bound:path)?);+) => {$(
        impl<S: Send + Sync $(, $of_type: $bound)?> FromRequestParts<S> for $extracted {
            type Rejection = Refused;

            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
                judge::<$required>(parts).await.map($of)
            }
        }

        impl<S: Send + Sync $(, $of_type: $bound)?> OptionalFromRequestParts<S> for $extracted {
            type Rejection = Refused;

            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Refused> {
                match presented(&parts.headers) {
                    Err(Refusal::Missing) => Ok(None),
                    _ => judge::<$required>(parts).await.map($of).map(Some),
                }
            }
        }
    )+};
}

extracted!(
    Caller, Self, |caller| caller;
    User, Self, |user| user;
    Admin, Self, |admin| admin;
    Scoped<C>, Self, |scoped| scoped, C: Scope;
    Judged<R>, R, Judged, R: Required
);

/// Returns the caller of a request by the guards in its extensions. Logs a refusal.
async fn judge<R: Required>(parts: &mut Parts) -> Result<R, Refused> {
    let Some(guards) = parts.extensions.get::<Guards>().cloned() else {
        tracing::error!(
            "a handler takes a caller, but its route has neither a GuardLayer nor an \
             Extension(Guards)"
        );
        return Err(Refused(Refusal::Unavailable { retry_after: 60 }));
    };
    let rules = R::rules();
    let known = parts.extensions.get::<Admitted>();
    // The layer or another extractor may have admitted this request by the same rules.
    let caller = if let Some(caller) = known.and_then(|known| known.again(&guards, &rules)) {
        caller
    } else {
        let judged = guards.judge(&parts.headers, &rules).await;
        let caller = judged.inspect_err(log_refusal)?;
        admitted(&mut parts.extensions, caller.clone(), guards);
        caller
    };
    R::from_caller(caller).ok_or(Refused(Refusal::Forbidden { scope: None }))
}

/// Notes the caller of a request, for handlers and for later extractors.
fn admitted(extensions: &mut Extensions, caller: Caller, by: Guards) {
    extensions.insert(caller.clone());
    extensions.insert(Admitted { caller, by });
}

/// Logs a refusal at `debug`: a refusal costs a stranger nothing, and
/// [`Guard::status`](super::Guard::status) counts it. A layer does not know the pattern of the path, so
/// the line has no path.
fn log_refusal(refusal: &Refusal) {
    tracing::debug!("refused: {refusal}");
}

/// Returns the response to a refused HTTP request.
fn response(refusal: &Refusal) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(refusal.body()));
    *response.status_mut() =
        StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    add_fields(response.headers_mut(), refusal);
    response
}

/// Returns the media type of a response without a message, if the request is gRPC or gRPC-Web.
fn grpc_type(headers: &HeaderMap) -> Option<&'static str> {
    let given = headers.get(CONTENT_TYPE)?.as_bytes();
    let begins_with = |media_type: &&str| {
        let (start, rest) = given.split_at_checked(media_type.len()).unwrap_or_default();
        start.eq_ignore_ascii_case(media_type.as_bytes())
            && rest.first().is_none_or(|next| b"+; ".contains(next))
    };
    // The longer names come first.
    ["application/grpc-web-text", "application/grpc-web", "application/grpc"]
        .into_iter()
        .find(begins_with)
}

/// Returns the response to a refused gRPC request: a status without a message ("Trailers-Only").
fn grpc_response(refusal: &Refusal, media_type: &'static str) -> Response<Full<Bytes>> {
    let code = match refusal {
        Refusal::Ambiguous => "3",                      // INVALID_ARGUMENT
        Refusal::Forbidden { .. } => "7",               // PERMISSION_DENIED
        Refusal::Unavailable { .. } => "14",            // UNAVAILABLE
        Refusal::Missing | Refusal::Invalid(_) => "16", // UNAUTHENTICATED
    };
    let mut response = Response::new(Full::default());
    let headers = response.headers_mut();
    add_fields(headers, refusal);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert("grpc-status", HeaderValue::from_static(code));
    let detail = utf8_percent_encode(refusal.detail(), ESCAPED).to_string();
    if let Ok(detail) = HeaderValue::try_from(detail) {
        headers.insert("grpc-message", detail);
    }
    response
}

fn add_fields(headers: &mut HeaderMap, refusal: &Refusal) {
    for (name, value) in refusal.headers() {
        match HeaderValue::try_from(value) {
            Ok(value) => {
                headers.insert(HeaderName::from_static(name), value);
            }
            Err(error) => tracing::error!(%error, "the field {name} of a refusal is left out"),
        }
    }
}
