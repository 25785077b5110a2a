//! Temporary.
use super::address::client_address;
use super::errors;
use actix_web::HttpRequest;
use auth_app::AppState;
use auth_app::error::AppError;
use auth_domain::audit::{Act, Entry};
use auth_domain::sessions::Session;
use auth_store::{Store, StoreResult};
use signet_service::problem_response::ProblemError;
use uuid::Uuid;

pub(crate) struct Issuer(pub std::sync::Arc<AppState>);
impl std::ops::Deref for Issuer {
    type Target = AppState;
    fn deref(&self) -> &AppState {
        &self.0
    }
}
impl Issuer {
    pub(crate) fn act_of(&self, request: &HttpRequest, public_id: Uuid) -> Act {
        Act::by_user(public_id, client_address(request), self.clock.now())
    }
    pub(crate) async fn note(&self, entry: Entry) -> Result<(), ProblemError> {
        self.0.note(entry).await.map_err(errors::problem)
    }
    pub(crate) async fn note_within_bounds(&self, entry: Entry) -> Result<(), ProblemError> {
        self.0.note_within_bounds(entry).await.map_err(errors::problem)
    }
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Store) -> StoreResult<T> + Send + 'static,
    ) -> Result<T, ProblemError> {
        self.0.run(question).await.map_err(errors::problem)
    }
    pub(crate) async fn sign(
        &self,
        session: &Session,
        audience: String,
    ) -> Result<String, ProblemError> {
        self.0.sign(session, audience).await.map_err(errors::problem)
    }
}

use super::callers::{Admin, Caller, Judge};
use signet_verifier::{Refusal, presented};
#[derive(Debug, PartialEq)]
pub(crate) struct SessionCaller {
    pub public_id: Uuid,
    pub sid: Uuid,
}
impl SessionCaller {
    pub(crate) async fn of(request: &HttpRequest, app: &AppState) -> Result<Self, Refusal> {
        let c = Caller::judge(request, app).await?.session;
        Ok(Self { public_id: c.public_id, sid: c.sid })
    }
}
#[derive(Debug, PartialEq)]
pub(crate) struct OldAdmin {
    pub public_id: Uuid,
}
impl Admin {
    pub(crate) async fn of(request: &HttpRequest, app: &AppState) -> Result<OldAdmin, Refusal> {
        let a = Admin::judge(request, app).await?;
        let auth_domain::audit::Actor::User(public_id) = a.act.by else {
            return Err(Refusal::Missing);
        };
        Ok(OldAdmin { public_id })
    }
}
pub(crate) async fn with_scope(
    request: &HttpRequest,
    app: &AppState,
    scope: &'static str,
) -> Result<auth_app::callers::ClientCaller, Refusal> {
    app.client_with_scope(presented(request.headers())?, scope).await
}
pub(crate) fn verify(
    token: &str,
    app: &AppState,
    audiences: Vec<String>,
) -> Result<signet_verifier::AccessToken, signet_contract::bearer::Reason> {
    app.verify(token, audiences)
}
pub(crate) use auth_app::callers::is_registered;
pub(crate) fn of_store(e: auth_store::StoreError) -> ProblemError {
    errors::problem(e.into())
}
#[allow(clippy::needless_pass_by_value)]
pub(crate) fn of_hashing(e: auth_crypto::hashing::PoolError) -> ProblemError {
    errors::problem(e.into())
}
pub(crate) fn of_full_queue(_: auth_crypto::hashing::Busy) -> ProblemError {
    errors::problem(AppError::Overloaded)
}
pub(crate) fn of_signing(e: impl std::fmt::Display) -> ProblemError {
    errors::problem(AppError::internal(e))
}
pub(crate) fn overtaken() -> ProblemError {
    errors::problem(AppError::Contended)
}
pub(crate) fn too_many(detail: &str, retry_after: time::Duration) -> ProblemError {
    let reason = if detail.contains("sign-ups") {
        auth_domain::audit::Reason::TooManySignUps
    } else {
        auth_domain::audit::Reason::TooManyFailures
    };
    errors::problem(AppError::LimitReached { reason, retry_after })
}
