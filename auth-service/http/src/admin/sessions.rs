//! `/admin/users/{public_id}/sessions` and `/admin/sessions/{sid}`: the sessions of users, for
//! operators.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use signet_contract::problem::Problem;
use signet_service::api_description::TokenRefusals;

use crate::edge::{
    Admin, ApiError, Query, SessionId, Then, UserId, answer,
    query::limit,
    refusals::{NoSuchUser, Unreadable, Unwritable, WrongParameter},
};
use auth_app::AppState;
use auth_app::sessions::{self, SessionList};
use auth_domain::sessions::SessionQuery;

/// The open sessions of a user, the latest first.
#[utoipa::path(
    get, path = "/admin/users/{public_id}/sessions", tag = "Operators",
    operation_id = "listUserSessions",
    security(("admin" = [])),
    params(
        ("public_id" = Uuid, Path, description = "The user's id."),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 1000, description = "The most rows to send; 100 if left out."),
        ("after" = Option<String>, Query, pattern = "^([A-Za-z0-9_-]{32})?$", description = "The `next` of the page before; the first page if left out or empty."),
    ),
    responses(
        (status = 200, description = "The page.", body = SessionList),
        TokenRefusals,
        NoSuchUser,
        WrongParameter,
        Unreadable,
    )
)]
pub(crate) async fn list(
    request: Then<Admin, (Query, UserId)>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let Then(_, (query, UserId(public_id))) = request;
    let (limit, after) = (limit(&query)?, query.value("after")?);
    let wanted = SessionQuery { public_id: Some(public_id), after, limit };
    let now = app.clock.now();
    let page = app.run(move |store| sessions::list_sessions(store, &wanted, now)).await?;
    Ok(answer::json(StatusCode::OK, page))
}

/// Ends a session.
///
/// Its refresh token is void, and every guard refuses its access tokens.
#[utoipa::path(
    delete, path = "/admin/sessions/{sid}", tag = "Operators", operation_id = "revokeSession",
    security(("admin" = [])),
    params(("sid" = Uuid, Path, description = "The session's id.")),
    responses(
        (status = 204, description = "The session has ended."),
        TokenRefusals,
        (status = 404, description = "There is no such session, or it has ended before.", body = Problem, content_type = "application/problem+json"),
        Unwritable,
    )
)]
pub(crate) async fn revoke(
    request: Then<Admin, SessionId>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let Then(admin, SessionId(sid)) = request;
    let act = admin.act(&app);
    app.run(move |store| sessions::end_session(store, sid, &act)).await?;
    Ok(answer::done())
}
