//! `POST /password`: changes the caller's own password.

use actix_web::{HttpResponse, web};
use signet_contract::problem::Problem;
use signet_service::api_description::TokenRefusals;

use crate::edge::{ApiError, Caller, Strict, Then, answer, refusals::WrongBody};
use auth_app::{AppState, accounts};
use auth_domain::password_change::PasswordForm;

/// Changes the caller's own password.
///
/// Every other session of the user ends.
#[utoipa::path(
    post, path = "/password", tag = "Sessions", operation_id = "changePassword",
    security(("session" = []), ("x_access_token" = [])),
    request_body(content(
        (PasswordForm = "application/json"),
        (PasswordForm = "application/x-www-form-urlencoded"),
        (PasswordForm = "multipart/form-data"),
    )),
    responses(
        (status = 204, description = "The new password is the one."),
        TokenRefusals,
        (status = 403, description = "The current password is another, or it is a service's token.", body = Problem, content_type = "application/problem+json"),
        WrongBody,
        // Replaces the 400 of `WrongBody`.
        (status = 400, description = "More than one token, or the body is malformed or has a field twice.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A field is missing, or the new password can't be one.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many tries failed.", body = Problem, content_type = "application/problem+json", headers(("Retry-After" = u32))),
        (status = 503, description = "Too busy, or the database can't be written to.", body = Problem, content_type = "application/problem+json", headers(("Retry-After" = u32))),
    )
)]
pub(crate) async fn change(
    request: Then<Caller, Strict<PasswordForm>>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let Then(caller, Strict(form)) = request;
    accounts::change_password(&app, caller.session, &form, &caller.from).await?;
    Ok(answer::done())
}
