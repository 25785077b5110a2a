//! `POST /logout`, `POST /logout/all`: end the caller's own session, or all of them.

use actix_web::{HttpResponse, web};
use signet_service::api_description::TokenRefusals;

use crate::edge::{ApiError, Caller, answer, refusals::Unwritable};
use auth_app::{AppState, accounts};

/// Logs out.
///
/// The session ends: its refresh token is void, and every guard refuses its access tokens.
#[utoipa::path(
    post, path = "/logout", tag = "Sessions", operation_id = "logOut",
    security(("session" = []), ("x_access_token" = [])),
    responses(
        (status = 204, description = "The session has ended."),
        TokenRefusals,
        Unwritable,
    )
)]
pub(crate) async fn log_out(
    caller: Caller,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let act = caller.act(&app);
    app.run(move |store| accounts::log_out(store, caller.session, &act)).await?;
    Ok(answer::done())
}

/// Logs out everywhere.
///
/// Every session of the user ends, as by `/logout`.
#[utoipa::path(
    post, path = "/logout/all", tag = "Sessions", operation_id = "logOutEverywhere",
    security(("session" = []), ("x_access_token" = [])),
    responses(
        (status = 204, description = "Every session has ended."),
        TokenRefusals,
        Unwritable,
    )
)]
pub(crate) async fn log_out_everywhere(
    caller: Caller,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let act = caller.act(&app);
    app.run(move |store| accounts::log_out_everywhere(store, caller.session, &act)).await?;
    Ok(answer::done())
}
