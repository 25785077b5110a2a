//! `GET /sessions` and `DELETE /sessions/{sid}`: the caller's own sessions.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use signet_contract::problem::Problem;
use signet_service::api_description::TokenRefusals;

use crate::edge::{
    ApiError, Caller, SessionId, Then, answer,
    refusals::{Unreadable, Unwritable},
};
use auth_app::AppState;
use auth_app::sessions::{self, OwnSessions};

/// Returns the caller's open sessions, the latest first.
#[utoipa::path(
    get, path = "/sessions", tag = "Sessions", operation_id = "listOwnSessions",
    security(("session" = []), ("x_access_token" = [])),
    responses(
        (status = 200, description = "The sessions.", body = OwnSessions),
        TokenRefusals,
        Unreadable,
    )
)]
pub(crate) async fn list(
    caller: Caller,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let (caller, now) = (caller.session, app.clock.now());
    let list = app.run(move |store| sessions::list_own_sessions(store, caller, now)).await?;
    Ok(answer::json(StatusCode::OK, list))
}

/// Ends one of the caller's sessions, as a log-out in it does.
#[utoipa::path(
    delete, path = "/sessions/{sid}", tag = "Sessions", operation_id = "endOwnSession",
    security(("session" = []), ("x_access_token" = [])),
    params(("sid" = Uuid, Path, description = "The session's id.")),
    responses(
        (status = 204, description = "The session has ended."),
        TokenRefusals,
        (status = 404, description = "The caller has no such session, or it has ended before.", body = Problem, content_type = "application/problem+json"),
        Unwritable,
    )
)]
pub(crate) async fn end(
    request: Then<Caller, SessionId>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let Then(caller, SessionId(sid)) = request;
    let (act, caller) = (caller.act(&app), caller.session);
    app.run(move |store| sessions::end_own_session(store, caller, sid, &act)).await?;
    Ok(answer::done())
}
