//! `POST /signup`: makes an account.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use signet_contract::problem::Problem;

use crate::edge::{ApiError, ClientAddress, EvenTime, Strict, answer::text, refusals::WrongBody};
use auth_app::AppState;
use auth_app::accounts::{self, SignUpOutcome};
use auth_domain::sign_up::SignUpForm;

/// Makes an account.
///
/// The answer shows whether an address is taken, unless the operator chose uniform answers.
#[utoipa::path(
    post, path = "/signup", tag = "Accounts", operation_id = "signUp",
    request_body(content(
        (SignUpForm = "application/json"),
        (SignUpForm = "application/x-www-form-urlencoded"),
        (SignUpForm = "multipart/form-data"),
    )),
    responses(
        (status = 201, description = "The account exists.", body = String, content_type = "text/plain", example = "Successfully registered."),
        (status = 202, description = "The address has an account already.", body = String, content_type = "text/plain", example = "User already exists. Please Log in."),
        WrongBody,
        (status = 422, description = "A field has a value that it can't have.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many sign-ups from this address.", body = Problem, content_type = "application/problem+json", headers(("Retry-After" = u32))),
        (status = 503, description = "Too busy, or the database can't be written to.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn sign_up(
    from: ClientAddress,
    form: Strict<SignUpForm>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let even_time = EvenTime::starting_now();
    let outcome = accounts::sign_up(&app, form.0, from.0).await?;
    if app.uniform_errors {
        even_time.wait().await;
    }
    Ok(match outcome {
        SignUpOutcome::AddressTaken if !app.uniform_errors => {
            text(StatusCode::ACCEPTED, "User already exists. Please Log in.")
        }
        _ => text(StatusCode::CREATED, "Successfully registered."),
    })
}
