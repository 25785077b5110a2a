//! `/admin/users/{public_id}/sessions` and `/admin/sessions/{sid}`: the sessions of users, for
//! operators.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use signet_contract::problem::Problem;
use signet_service::problem_response::ProblemError;
use uuid::Uuid;

use crate::Issuer;
use crate::edge::answer;
use crate::edge::callers::Admin;
use crate::edge::query::Query;
use crate::edge::refusals::{NoSuchUser, NotAnOperator, Unreadable, Unwritable, WrongParameter};
use auth_app::listing::sessions::SessionList;
use auth_domain::page;
use auth_domain::sessions::SessionQuery;

/// The open sessions of a user, the latest first.
#[utoipa::path(
    get, path = "/admin/users/{public_id}/sessions", tag = "Operators",
    operation_id = "listUserSessions",
    security(("admin" = [])),
    params(
        ("public_id" = String, Path, description = "The user's id."),
        ("limit" = Option<u64>, Query, description = "The most sessions to send, 1 to 1000; 100 if left out."),
        ("after" = Option<String>, Query, description = "The `next` of the page before; the first page if left out."),
    ),
    responses(
        (status = 200, description = "The page.", body = SessionList),
        NotAnOperator,
        NoSuchUser,
        WrongParameter,
        Unreadable,
    )
)]
pub(crate) async fn list(
    request: HttpRequest,
    public_id: web::Path<String>,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, actix_web::Error> {
    Admin::of(&request, &issuer).await?;
    let query = Query::of(&request)?;
    let limit = query.limit()?;
    let public_id = uuid::Uuid::try_parse(&public_id)
        .map_err(|_| ProblemError::new(StatusCode::NOT_FOUND, "There is no such user."))?;
    let wanted = SessionQuery {
        public_id: Some(public_id),
        after: query.after()?,
        limit: page::rows_for(limit),
    };
    let now = issuer.clock.now();
    let found = issuer.ask(move |store| {
        let known = store.find_user(public_id)?;
        known.map(|_| store.list_sessions(&wanted, now)).transpose()
    });
    let sessions = found
        .await?
        .ok_or_else(|| ProblemError::new(StatusCode::NOT_FOUND, "There is no such user."))?;
    Ok(answer::json(StatusCode::OK, SessionList::of(sessions, limit)))
}

/// Ends a session.
///
/// Its refresh token is void, and every guard refuses its access tokens.
#[utoipa::path(
    delete, path = "/admin/sessions/{sid}", tag = "Operators", operation_id = "revokeSession",
    security(("admin" = [])),
    params(("sid" = String, Path, description = "The session's id.")),
    responses(
        (status = 204, description = "The session has ended."),
        NotAnOperator,
        (status = 404, description = "There is no such session, or it has ended before.", body = Problem, content_type = "application/problem+json"),
        Unwritable,
    )
)]
pub(crate) async fn revoke(
    request: HttpRequest,
    sid: web::Path<String>,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, actix_web::Error> {
    let admin = Admin::of(&request, &issuer).await?;
    let unknown = || ProblemError::new(StatusCode::NOT_FOUND, "There is no such open session.");
    let sid = Uuid::try_parse(&sid).map_err(|_| unknown())?;
    let act = issuer.act_of(&request, admin.public_id);
    let whose = issuer.ask(move |store| store.end_session(sid, &act)).await?;
    let public_id = whose.ok_or_else(unknown)?;
    tracing::info!(by = %admin.public_id, who = %public_id, %sid, "an operator ended a session");
    Ok(answer::done())
}
