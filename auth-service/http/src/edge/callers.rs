//! The extractors that judge who calls. A handler names the caller that it needs as a parameter, so
//! it can't forget the check.
//!
//! [`Then`] orders a caller before the rest of the request: no body, query or path of a caller
//! without the right is read.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use signet_contract::scope::{DIRECTORY_READ, EVENTS_READ};
use signet_verifier::{Refusal, presented};

use super::errors::{ApiError, log_unavailable};
use super::origin::origin;
use auth_app::AppState;
use auth_app::callers::{ClientCaller, SessionCaller};
use auth_domain::audit::{Act, RequestOrigin};

/// A user in a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The user and the session.
    pub(crate) session: SessionCaller,
    /// The origin of the request.
    pub(crate) from: RequestOrigin,
}

impl Caller {
    /// Returns the act of this user at the present time, for the audit log. A handler calls it after
    /// the request is read, which may take seconds.
    pub(crate) fn act(&self, app: &AppState) -> Act {
        Act::by_user(self.session.public_id, &self.from, app.clock.now())
    }
}

/// An operator in a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Admin(pub(crate) Caller);

impl Admin {
    /// Returns the act of this operator at the present time, for the audit log.
    pub(crate) fn act(&self, app: &AppState) -> Act {
        self.0.act(app)
    }
}

/// A client with a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScopedClient<S>(pub(crate) ClientCaller, PhantomData<S>);

/// A scope as a type.
pub(crate) trait Scope: 'static {
    /// The scope's text in tokens.
    const TEXT: &'static str;
}

/// The right to read the user directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DirectoryRead;

impl Scope for DirectoryRead {
    const TEXT: &'static str = DIRECTORY_READ;
}

/// The right to follow the change feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EventsRead;

impl Scope for EventsRead {
    const TEXT: &'static str = EVENTS_READ;
}

/// Judges the caller of a request.
pub(crate) trait Judge: Sized + 'static {
    /// Returns the caller, or the reason for which the request is refused.
    fn judge(request: &HttpRequest, app: &AppState) -> impl Future<Output = Result<Self, Refusal>>;
}

impl Judge for Caller {
    async fn judge(request: &HttpRequest, app: &AppState) -> Result<Self, Refusal> {
        let session = app.session_caller(presented(request.headers())?).await?;
        Ok(Self { session, from: origin(request) })
    }
}

impl Judge for Admin {
    async fn judge(request: &HttpRequest, app: &AppState) -> Result<Self, Refusal> {
        let session = app.operator(presented(request.headers())?).await?;
        Ok(Self(Caller { session, from: origin(request) }))
    }
}

impl<S: Scope> Judge for ScopedClient<S> {
    async fn judge(request: &HttpRequest, app: &AppState) -> Result<Self, Refusal> {
        let client = app.client_with_scope(presented(request.headers())?, S::TEXT).await?;
        Ok(Self(client, PhantomData))
    }
}

async fn judged<C: Judge>(request: &HttpRequest) -> Result<C, ApiError> {
    let app = request.app_data::<web::Data<AppState>>().ok_or_else(ApiError::no_state)?;
    C::judge(request, app).await.map_err(|refusal| {
        app.metrics.token_refused(&refusal);
        // Without any part of the token: it may still be good elsewhere.
        tracing::debug!(path = route(request), why = %refusal, "token refused");
        if let Refusal::Unavailable { .. } = refusal {
            log_unavailable("a token can't be checked");
        }
        refusal.into()
    })
}

/// Returns the pattern of the route: a path may hold what a stranger typed.
fn route(request: &HttpRequest) -> String {
    request.match_pattern().unwrap_or_else(|| "unmatched".into())
}

/// The future of an extractor.
pub(crate) type Extracting<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

macro_rules! extracted_by_judging {
    ($($caller:ty),+) => {$(
        impl FromRequest for $caller {
            type Error = ApiError;
            type Future = Extracting<Self>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                let request = request.clone();
                Box::pin(async move { judged(&request).await })
            }
        }
    )+};
}

extracted_by_judging!(Caller, Admin);

/// A caller, and a part of the request that is read only after the caller was judged.
pub(crate) struct Then<C, R>(pub(crate) C, pub(crate) R);

impl<C: Judge, R: FromRequest + 'static> FromRequest for Then<C, R> {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, actix_web::Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let caller = judged(&request).await?;
            let rest = R::from_request(&request, &mut payload).await.map_err(Into::into)?;
            Ok(Self(caller, rest))
        })
    }
}
