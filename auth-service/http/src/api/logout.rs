//! `POST /logout`, `POST /logout/all`: end the caller's own session, or all of them.

use actix_web::{HttpRequest, HttpResponse, web};
use signet_contract::problem::Problem;

use crate::Issuer;
use crate::edge::answer;
use crate::edge::legacy::SessionCaller;
use crate::edge::refusals::{NotAUser, Unwritable};

/// Logs out.
///
/// The session ends: its refresh token is void, and every guard refuses its access tokens.
#[utoipa::path(
    post, path = "/logout", tag = "Sessions", operation_id = "logOut",
    security(("session" = []), ("session_header" = [])),
    responses(
        (status = 204, description = "The session has ended."),
        (status = 400, description = "More than one token.", body = Problem, content_type = "application/problem+json"),
        NotAUser,
        Unwritable,
    )
)]
pub(crate) async fn log_out(
    request: HttpRequest,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, actix_web::Error> {
    let SessionCaller { public_id, sid } = SessionCaller::of(&request, &issuer).await?;
    let act = issuer.act_of(&request, public_id);
    issuer.ask(move |store| store.end_session(sid, &act)).await?;
    tracing::info!(%public_id, %sid, "log-out");
    Ok(answer::done())
}

/// Logs out everywhere.
///
/// Every session of the user ends, as by `/logout`.
#[utoipa::path(
    post, path = "/logout/all", tag = "Sessions", operation_id = "logOutEverywhere",
    security(("session" = []), ("session_header" = [])),
    responses(
        (status = 204, description = "Every session has ended."),
        (status = 400, description = "More than one token.", body = Problem, content_type = "application/problem+json"),
        NotAUser,
        Unwritable,
    )
)]
pub(crate) async fn log_out_everywhere(
    request: HttpRequest,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, actix_web::Error> {
    let SessionCaller { public_id, .. } = SessionCaller::of(&request, &issuer).await?;
    let act = issuer.act_of(&request, public_id);
    issuer.ask(move |store| store.end_sessions_of(public_id, None, &act)).await?;
    tracing::info!(%public_id, "log-out everywhere");
    Ok(answer::done())
}
