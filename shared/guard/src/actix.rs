//! The guard in actix: extractors for one handler, [`Guarded`] for a whole scope.
//!
//! A handler names the caller that it needs as a parameter, so it can't forget the check. The
//! extractors need `web::Data<Guard>` in the app. Each refusal is logged, without any part of the
//! token.
//!
//! ```no_run
//! use actix_web::{App, web};
//! use signet_guard::actix::{Guarded, Then};
//! use signet_guard::{Caller, Guard, Rules, Scope, Scoped, User};
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
//!     .service(web::scope("/admin").wrap(Guarded::by(guard.requiring(Rules::new().role("admin")))));
//! # }
//! ```

use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::rc::Rc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Extensions, Payload, Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, ResponseError, web};

use super::issuers::Admitted;
use super::{Admin, Caller, Guard, Guards, Required, Rules, Scope, Scoped, User};
use signet_verifier::{Refusal, presented};

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

impl<R: Required> Judge for R {
    async fn judge(request: &HttpRequest) -> Result<Self, Refusal> {
        let caller = admit(request, &R::rules()).await?;
        Self::from_caller(caller).ok_or(Refusal::Forbidden { scope: None })
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

/// The caller of a request that may come without a token. A bad token is refused: with
/// `Option<Caller>`, actix would take it for none.
#[derive(Debug, Clone)]
pub struct Optional<C>(pub Option<C>);

impl<C: Judge> FromRequest for Optional<C> {
    type Error = Refusal;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Refusal>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            match presented(request.headers()) {
                Err(Refusal::Missing) => Ok(Self(None)),
                _ => C::judge(&request).await.map(|caller| Self(Some(caller))),
            }
        })
    }
}

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

/// Notes the caller of a request, for handlers and for later extractors.
fn admitted(extensions: &mut Extensions, caller: Caller, by: Guards) {
    extensions.insert(caller.clone());
    extensions.insert(Admitted { caller, by });
}

/// Returns the guards of the app or the scope, or else those of the middleware. Logs an error if there
/// are none, or two kinds of them.
fn guards(request: &HttpRequest) -> Option<Guards> {
    let several = request.app_data::<web::Data<Guards>>().map(|guards| Guards::from(&***guards));
    let one = request.app_data::<web::Data<Guard>>().map(|guard| Guards::from(&***guard));
    match (several, one) {
        (Some(_), Some(_)) => {
            tracing::error!("the app has web::Data<Guards> and web::Data<Guard>; leave one out");
            None
        }
        (None, None) => {
            let around = request.extensions().get::<Guards>().cloned();
            if around.is_none() {
                tracing::error!("a handler takes a caller, but the app has no web::Data<Guard>");
            }
            around
        }
        (several, one) => several.or(one),
    }
}

/// Admits the caller of a request, or logs the refusal.
async fn admit(request: &HttpRequest, rules: &Rules) -> Result<Caller, Refusal> {
    let by = guards(request).ok_or(Refusal::Unavailable { retry_after: 60 })?;
    let known = request.extensions().get::<Admitted>().and_then(|known| known.again(&by, rules));
    // The middleware or another extractor may have admitted this request by the same rules.
    if let Some(caller) = known {
        return Ok(caller);
    }
    let judged = by.judge(request.headers(), rules).await;
    let caller = judged.inspect_err(|refusal| log_refusal(request, refusal))?;
    admitted(&mut request.extensions_mut(), caller.clone(), by);
    Ok(caller)
}

/// Logs a refusal at `debug`: a refusal costs a stranger nothing, and [`Guard::status`] counts it. No
/// part of the token is logged, since it may still be good elsewhere, and no part of the path but its
/// pattern.
fn log_refusal(request: &HttpRequest, refusal: &Refusal) {
    let path = || request.match_pattern().unwrap_or_else(|| "unmatched".into());
    tracing::debug!(path = path(), "refused: {refusal}");
}

/// Middleware that verifies the token of every request before the handlers of a scope or an app. The
/// extractors inside use the guards of the app or the scope (`web::Data`), or else those of this
/// middleware, and add the rules of their type.
#[derive(Clone)]
pub struct Guarded(Guards);

impl Guarded {
    /// Admits callers by a guard, or by the guards of several issuers, with their rules.
    pub fn by(guards: impl Into<Guards>) -> Self {
        Self(guards.into())
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
        ready(Ok(GuardedService { service: Rc::new(service), guards: self.0.clone() }))
    }
}

/// The service of a scope inside [`Guarded`].
pub struct GuardedService<S> {
    service: Rc<S>,
    guards: Guards,
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
        let guards = self.guards.clone();
        Box::pin(async move {
            match guards.admit_optional(request.headers()).await {
                Ok(caller) => {
                    request.extensions_mut().insert(guards.clone());
                    if let Some(caller) = caller {
                        admitted(&mut request.extensions_mut(), caller, guards);
                    }
                    service.call(request).await.map(ServiceResponse::map_into_left_body)
                }
                Err(refusal) => {
                    log_refusal(request.request(), &refusal);
                    Ok(request.into_response(refusal.error_response()).map_into_right_body())
                }
            }
        })
    }
}
