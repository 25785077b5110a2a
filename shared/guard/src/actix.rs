//! The guard in actix: extractors for one handler, [`Guarded`] for a whole scope.
//!
//! A handler names the caller that it needs as a parameter, so it can't forget the check. The
//! extractors need `web::Data<Guard>` in the app. Each refusal is logged, without any part of the
//! token.
//!
//! ```no_run
//! use actix_web::{App, web};
//! use signet_guard::Guard;
//! use signet_guard::actix::{Caller, Guarded, Scope, Scoped, Then, User};
//!
//! async fn hello(caller: Caller) -> String {
//!     format!("{:?}", caller.token().subject)
//! }
//!
//! // The body is read only if a user sends it.
//! async fn order(Then(user, order): Then<User, web::Json<Vec<u32>>>) -> String {
//!     format!("{} orders {:?}", user.public_id(), order)
//! }
//!
//! struct ReadReports;
//!
//! impl Scope for ReadReports {
//!     const NAME: &'static str = "reports:read";
//! }
//!
//! // A service with the scope.
//! async fn report(client: Scoped<ReadReports>) -> String {
//!     format!("a report for {}", client.token().client_id)
//! }
//!
//! # fn app(guard: Guard) {
//! App::new()
//!     .app_data(web::Data::new(guard.clone()))
//!     .route("/hello", web::get().to(hello))
//!     .route("/reports", web::get().to(report))
//!     .route("/orders", web::post().to(order))
//!     .service(web::scope("/admin").wrap(Guarded::role(&guard, "admin")));
//! # }
//! ```

use std::future::{Future, Ready, ready};
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, ResponseError, web};
use uuid::Uuid;

use super::Guard;
use super::admission::Right;
use signet_contract::claims::{ROLE_ADMIN, ROLE_USER};
use signet_verifier::{AccessToken, Refusal, Subject, presented};

/// The caller of a request: a user or a service, with any rights. The extractor verifies the
/// request's token, unless [`Guarded`] already did.
#[derive(Debug, Clone)]
pub struct Caller(Arc<AccessToken>);

impl Caller {
    /// Returns the token, as verified.
    pub fn token(&self) -> &AccessToken {
        &self.0
    }

    /// Returns the user's id; `None` for a service.
    pub fn user(&self) -> Option<Uuid> {
        match &self.0.subject {
            Subject::User { public_id, .. } => Some(*public_id),
            Subject::Service => None,
        }
    }
}

/// A user with the role `user` in the token and, if the guard has a directory, in the directory. A
/// service is refused.
#[derive(Debug, Clone)]
pub struct User {
    caller: Caller,
    public_id: Uuid,
}

impl User {
    /// Returns the token, as verified.
    pub fn token(&self) -> &AccessToken {
        self.caller.token()
    }

    /// Returns the user's id.
    pub fn public_id(&self) -> Uuid {
        self.public_id
    }

    async fn with_role(request: &HttpRequest, role: &str) -> Result<Self, Refusal> {
        let caller = admit(request, Right::Role(role)).await?;
        let public_id = caller.user().ok_or(Refusal::Forbidden { scope: None })?;
        Ok(Self { caller, public_id })
    }
}

/// An operator: a user with the role `admin` in the token and, if the guard has a directory, in the
/// directory.
#[derive(Debug, Clone)]
pub struct Admin(pub User);

impl Admin {
    /// Returns the token, as verified.
    pub fn token(&self) -> &AccessToken {
        self.0.token()
    }

    /// Returns the user's id.
    pub fn public_id(&self) -> Uuid {
        self.0.public_id()
    }
}

/// A scope, as a type (RFC 6749 §3.3).
pub trait Scope: 'static {
    /// The scope's text in tokens.
    const NAME: &'static str;
}

/// A caller with the scope `S`, which is a service. A user's token of a log-in has no
/// scope.
#[derive(Debug, Clone)]
pub struct Scoped<S> {
    caller: Caller,
    scope: PhantomData<S>,
}

impl<S> Scoped<S> {
    /// Returns the token, as verified.
    pub fn token(&self) -> &AccessToken {
        self.caller.token()
    }
}

/// A caller that a handler requires. A type with a rule of its own implements it by calling the
/// types here, and [`Then`] extracts it: `Then<Mine, ()>` if the handler reads nothing else.
pub trait Judge: Sized + 'static {
    /// Returns the caller of a request.
    ///
    /// # Errors
    ///
    /// The refusal, which is the response to the client.
    fn judge(request: &HttpRequest) -> impl Future<Output = Result<Self, Refusal>>;
}

impl Judge for Caller {
    async fn judge(request: &HttpRequest) -> Result<Self, Refusal> {
        let known = request.extensions().get::<Self>().cloned();
        match known {
            Some(caller) => Ok(caller),
            None => admit(request, Right::Any).await,
        }
    }
}

impl Judge for User {
    async fn judge(request: &HttpRequest) -> Result<Self, Refusal> {
        Self::with_role(request, ROLE_USER).await
    }
}

impl Judge for Admin {
    async fn judge(request: &HttpRequest) -> Result<Self, Refusal> {
        User::with_role(request, ROLE_ADMIN).await.map(Self)
    }
}

impl<S: Scope> Judge for Scoped<S> {
    async fn judge(request: &HttpRequest) -> Result<Self, Refusal> {
        let caller = admit(request, Right::Scope(S::NAME)).await?;
        Ok(Self { caller, scope: PhantomData })
    }
}

macro_rules! extracted_by_judging {
    ($($caller:ty $(, $scope:ident)?);+) => {$(
        impl$(<$scope: Scope>)? FromRequest for $caller {
            type Error = Refusal;
            type Future = Pin<Box<dyn Future<Output = Result<Self, Refusal>>>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                let request = request.clone();
                Box::pin(async move { Self::judge(&request).await })
            }
        }
    )+};
}

extracted_by_judging!(Caller; User; Admin; Scoped<S>, S);

/// A caller, and a part of the request that is read only after the caller was judged.
#[derive(Debug, Clone)]
pub struct Then<C, R>(pub C, pub R);

impl<C: Judge, R: FromRequest + 'static> FromRequest for Then<C, R> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let caller = C::judge(&request).await?;
            let rest = R::from_request(&request, &mut payload).await.map_err(Into::into)?;
            Ok(Self(caller, rest))
        })
    }
}

/// Admits the caller of a request with the app's guard.
async fn admit(request: &HttpRequest, right: Right<'_>) -> Result<Caller, Refusal> {
    let Some(guard) = request.app_data::<web::Data<Guard>>() else {
        tracing::error!("a handler takes a caller, but the app has no web::Data<Guard>");
        return Err(Refusal::Unavailable { retry_after: 60 });
    };
    admit_by(guard, request, right).await
}

/// Admits the caller of a request, for the extractors that follow, or logs the refusal.
async fn admit_by(
    guard: &Guard,
    request: &HttpRequest,
    right: Right<'_>,
) -> Result<Caller, Refusal> {
    let judged = guard.judge(presented(request.headers()), right).await;
    let token = judged.inspect_err(|refusal| log_refusal(request, refusal))?;
    let caller = Caller(token);
    request.extensions_mut().insert(caller.clone());
    Ok(caller)
}

/// Logs a refusal at `debug`: a refusal costs a stranger nothing, and [`Guard::status`] counts it. No
/// part of the token is logged, since it may still be good elsewhere, and no part of the path but its
/// pattern.
fn log_refusal(request: &HttpRequest, refusal: &Refusal) {
    let path = || request.match_pattern().unwrap_or_else(|| "unmatched".into());
    tracing::debug!(path = path(), "refused: {refusal}");
}

/// Middleware that verifies the token of every request before the handlers of a scope or an app.
#[derive(Clone)]
pub struct Guarded {
    guard: Guard,
    right: Right<'static>,
}

impl Guarded {
    /// Admits every good token, a user's or a service's.
    pub fn by(guard: &Guard) -> Self {
        Self { guard: guard.clone(), right: Right::Any }
    }

    /// Admits users who have `role`.
    pub fn role(guard: &Guard, role: &'static str) -> Self {
        Self { guard: guard.clone(), right: Right::Role(role) }
    }

    /// Admits callers with `scope` in the token.
    pub fn scope(guard: &Guard, scope: &'static str) -> Self {
        Self { guard: guard.clone(), right: Right::Scope(scope) }
    }
}

impl<S, B> Transform<S, ServiceRequest> for Guarded
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = GuardedService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(GuardedService { service: Rc::new(service), rule: self.clone() }))
    }
}

/// The service of a scope inside [`Guarded`].
pub struct GuardedService<S> {
    service: Rc<S>,
    rule: Guarded,
}

impl<S, B> Service<ServiceRequest> for GuardedService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    actix_web::dev::forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let service = Rc::clone(&self.service);
        let rule = self.rule.clone();
        Box::pin(async move {
            match admit_by(&rule.guard, request.request(), rule.right).await {
                Ok(_) => service.call(request).await.map(ServiceResponse::map_into_left_body),
                Err(refusal) => {
                    Ok(request.into_response(refusal.error_response()).map_into_right_body())
                }
            }
        })
    }
}
