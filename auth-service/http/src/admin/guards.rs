//! `GET /admin/guards`: the guards that follow the feed, with their keys and their lag.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use signet_service::api_description::TokenRefusals;

use crate::edge::{Admin, ApiError, answer, refusals::Unreadable};
use auth_app::AppState;
use auth_app::guards::GuardList;

/// The guards that follow the feed.
///
/// A guard that is behind refuses revoked tokens late. Its lag shows by how much.
#[utoipa::path(
    get, path = "/admin/guards", tag = "Operators", operation_id = "listGuards",
    security(("admin" = [])),
    responses(
        (status = 200, description = "The guards.", body = GuardList),
        TokenRefusals,
        Unreadable,
    )
)]
pub(crate) async fn list(_: Admin, app: web::Data<AppState>) -> Result<HttpResponse, ApiError> {
    Ok(answer::json(StatusCode::OK, app.list_guards().await?))
}
