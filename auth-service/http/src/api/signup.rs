//! `POST /signup`: makes an account.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use signet_contract::problem::Problem;

use crate::edge::{ApiError, EvenTime, Origin, Strict, answer::text, refusals::WrongBody};
use auth_app::AppState;
use auth_app::accounts::{self, SignUpOutcome};
use auth_domain::sign_up::SignUpForm;

/// The right to sign up. It is checked before the body is read.
pub(crate) struct OpenRegistration;

impl FromRequest for OpenRegistration {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let app = request.app_data::<web::Data<AppState>>();
        let Some(app) = app else { return ready(Err(ApiError::no_state())) };
        ready(accounts::check_registration(app).map(|()| Self).map_err(ApiError::from))
    }
}

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
        (status = 403, description = "Registration is closed; operators make the accounts.", body = Problem, content_type = "application/problem+json"),
        WrongBody,
        (status = 422, description = "A field has a value that it can't have.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many sign-ups from this address.", body = Problem, content_type = "application/problem+json", headers(("Retry-After" = u32))),
        (status = 503, description = "Too busy, or the database can't be written to.", body = Problem, content_type = "application/problem+json", headers(("Retry-After" = u32))),
    )
)]
pub(crate) async fn sign_up(
    _: OpenRegistration,
    from: Origin,
    form: Strict<SignUpForm>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let even_time = EvenTime::starting_now();
    let outcome = accounts::sign_up(&app, form.0, &from.0).await?;
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
