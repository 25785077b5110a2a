//! `POST /login`: exchanges a password for an access token. The texts and challenges of the answers
//! are those that older clients know.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, PRAGMA, USER_AGENT, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use signet_contract::problem::Problem;
use utoipa::ToSchema;

use crate::edge::{
    ApiError, EvenTime, Origin, Strict,
    answer::{text, uncached},
    refusals::WrongBody,
};
use auth_app::AppState;
use auth_app::accounts::{self, LoggedIn};
use auth_app::error::AppError;
use auth_domain::audit::Reason;
use auth_domain::login::LoginForm;

const LOGIN_REQUIRED: &str = "Basic realm=\"Login required !!\"";
const NO_SUCH_USER: &str = "Basic realm=\"User does not exist !!\"";
const WRONG_PASSWORD: &str = "Basic realm=\"Wrong Password !!\"";
const ACCOUNT_DISABLED: &str = "Basic realm=\"Account disabled !!\"";

/// The answer to a successful log-in.
#[derive(Serialize, ToSchema)]
pub(crate) struct LoginAnswer {
    /// The access token (RFC 9068).
    token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// The token's life in seconds.
    expires_in: i64,
    /// The refresh token, which gets the next access token; it is good once.
    refresh_token: String,
    /// The refresh token's life in seconds.
    refresh_expires_in: i64,
}

/// Logs a user in.
///
/// A refusal gives its reason. If the operator chose uniform answers, it is always `401` with the
/// first challenge.
#[utoipa::path(
    post, path = "/login", tag = "Accounts", operation_id = "logIn",
    request_body(content(
        (LoginForm = "application/json"),
        (LoginForm = "application/x-www-form-urlencoded"),
        (LoginForm = "multipart/form-data"),
    )),
    responses(
        (status = 201, description = "The access token.", body = LoginAnswer),
        (status = 401, description = "A field is missing, or there is no such user.", body = String, content_type = "text/plain", headers(("WWW-Authenticate" = String, description = "`Basic realm=\"Login required !!\"` or `Basic realm=\"User does not exist !!\"`")), example = "Could not verify"),
        (status = 403, description = "The password is wrong, or the account is disabled.", body = String, content_type = "text/plain", headers(("WWW-Authenticate" = String, description = "`Basic realm=\"Wrong Password !!\"` or `Basic realm=\"Account disabled !!\"`")), example = "Could not verify"),
        WrongBody,
        (status = 422, description = "A field has a value that it can't have.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many log-ins failed.", body = Problem, content_type = "application/problem+json", headers(("Retry-After" = u32))),
        (status = 503, description = "Too busy, or the database can't be written to.", body = Problem, content_type = "application/problem+json", headers(("Retry-After" = u32))),
    )
)]
pub(crate) async fn log_in(
    request: HttpRequest,
    from: Origin,
    form: Strict<LoginForm>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let Strict(form) = form;
    if form.email.is_empty() || form.password.is_empty() {
        return Ok(refusal(StatusCode::UNAUTHORIZED, LOGIN_REQUIRED));
    }
    let even_time = EvenTime::starting_now();
    let user_agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
    let (status, challenge) = match accounts::log_in(&app, form, from.0, user_agent).await {
        Ok(tokens) => return Ok(created(tokens)),
        Err(AppError::Refused(_)) if app.uniform_errors => {
            even_time.wait().await;
            (StatusCode::UNAUTHORIZED, LOGIN_REQUIRED)
        }
        Err(AppError::Refused(Reason::UnknownAccount)) => (StatusCode::UNAUTHORIZED, NO_SUCH_USER),
        Err(AppError::Refused(Reason::WrongPassword)) => (StatusCode::FORBIDDEN, WRONG_PASSWORD),
        Err(AppError::Refused(Reason::AccountDisabled)) => {
            (StatusCode::FORBIDDEN, ACCOUNT_DISABLED)
        }
        Err(error) => return Err(error.into()),
    };
    Ok(refusal(status, challenge))
}

fn created(tokens: LoggedIn) -> HttpResponse {
    uncached(StatusCode::CREATED).insert_header((PRAGMA, "no-cache")).json(LoginAnswer {
        token: tokens.access_token,
        token_type: "Bearer",
        expires_in: tokens.access_life.whole_seconds(),
        refresh_token: tokens.refresh_token.to_string(),
        refresh_expires_in: tokens.refresh_life.whole_seconds(),
    })
}

fn refusal(status: StatusCode, challenge: &'static str) -> HttpResponse {
    let mut answer = text(status, "Could not verify");
    answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    answer
}
