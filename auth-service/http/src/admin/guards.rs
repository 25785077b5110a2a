//! `GET /admin/guards`: the guards that follow the feed, with their keys and their lag.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use crate::Issuer;
use crate::edge::answer;
use crate::edge::callers::Admin;
use crate::edge::refusals::{NotAnOperator, Unreadable};
use auth_app::listing::guards::GuardList;

/// The guards that follow the feed.
///
/// A guard that is behind refuses revoked tokens late. Its lag shows by how much.
#[utoipa::path(
    get, path = "/admin/guards", tag = "Operators", operation_id = "listGuards",
    security(("admin" = [])),
    responses(
        (status = 200, description = "The guards.", body = GuardList),
        NotAnOperator,
        Unreadable,
    )
)]
pub(crate) async fn list(
    request: HttpRequest,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, actix_web::Error> {
    Admin::of(&request, &issuer).await?;
    let now = issuer.clock.now();
    let guards = issuer.guards.list(now);
    let list = issuer.ask(move |store| GuardList::of(guards, store, now)).await?;
    Ok(answer::json(StatusCode::OK, list))
}
