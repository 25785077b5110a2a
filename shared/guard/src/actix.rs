//! The guard in actix: [`Caller`] for one handler, [`Guarded`] for a whole scope.
//!
//! ```no_run
//! use actix_web::{App, web};
//! use signet_guard::Guard;
//! use signet_guard::actix::{Caller, Guarded};
//!
//! async fn hello(caller: Caller) -> String {
//!     format!("{:?}", caller.token().subject)
//! }
//!
//! # fn app(guard: Guard) {
//! App::new()
//!     .app_data(web::Data::new(guard.clone()))
//!     .route("/hello", web::get().to(hello))
//!     .service(web::scope("/admin").wrap(Guarded::role(&guard, "admin")));
//! # }
//! ```

use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, ResponseError, web};

use super::Guard;
use signet_verifier::{AccessToken, Refusal, Subject};

/// The caller of a request. The extractor verifies the request's token, unless [`Guarded`] already
/// did. It needs `web::Data<Guard>` in the app.
#[derive(Debug, Clone)]
pub struct Caller(Arc<AccessToken>);

impl Caller {
    /// The token, as verified.
    pub fn token(&self) -> &AccessToken {
        &self.0
    }

    /// The user's id; `None` for a service.
    pub fn user(&self) -> Option<uuid::Uuid> {
        match &self.0.subject {
            Subject::User { public_id, .. } => Some(*public_id),
            Subject::Service => None,
        }
    }
}

impl FromRequest for Caller {
    type Error = Refusal;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Refusal>>>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        if let Some(caller) = request.extensions().get::<Caller>() {
            return Box::pin(ready(Ok(caller.clone())));
        }
        let request = request.clone();
        Box::pin(async move {
            let Some(guard) = request.app_data::<web::Data<Guard>>().cloned() else {
                tracing::error!("a handler takes a Caller, but the app has no web::Data<Guard>");
                return Err(Refusal::Unavailable { retry_after: 60 });
            };
            let token = guard.admit(request.headers()).await?;
            let caller = Caller(token);
            request.extensions_mut().insert(caller.clone());
            Ok(caller)
        })
    }
}

/// Middleware that verifies the token of every request before the handlers of a scope or an app.
#[derive(Clone)]
pub struct Guarded {
    guard: Guard,
    role: Option<&'static str>,
}

impl Guarded {
    /// Admits every good token, a user's or a service's.
    pub fn by(guard: &Guard) -> Self {
        Self { guard: guard.clone(), role: None }
    }

    /// Admits users who have `role`.
    pub fn role(guard: &Guard, role: &'static str) -> Self {
        Self { guard: guard.clone(), role: Some(role) }
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
            let judged = match rule.role {
                Some(wanted) => rule.guard.admit_role(request.headers(), wanted).await,
                None => rule.guard.admit(request.headers()).await,
            };
            match judged {
                Ok(token) => {
                    request.extensions_mut().insert(Caller(token));
                    service.call(request).await.map(ServiceResponse::map_into_left_body)
                }
                Err(refusal) => {
                    Ok(request.into_response(refusal.error_response()).map_into_right_body())
                }
            }
        })
    }
}
