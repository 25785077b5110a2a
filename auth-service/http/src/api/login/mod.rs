//! `POST /login`: exchanges a password for an access token.

mod answer;
mod attempt;

use actix_web::http::header::USER_AGENT;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use signet_contract::problem::Problem;
use signet_service::problem_response::ProblemError;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::Issuer;
use crate::edge::address::client_address;
use crate::edge::body;
use crate::edge::even_time::EvenTime;
use crate::edge::query;
use crate::edge::refusals::WrongBody;
use answer::LoginAnswer;
pub(crate) use attempt::Outcome;
use attempt::{Credentials, attempt};
use auth_app::metrics::LoginOutcome;
use auth_domain::email::{Email, EmailError};
use auth_domain::sessions::agent;

/// The fields of a log-in, as a form or as JSON.
#[derive(Deserialize, ToSchema)]
pub(crate) struct LoginForm {
    /// The address of the account.
    #[serde(default)]
    #[schema(required, format = "email")]
    email: String,
    /// The password.
    #[serde(default)]
    #[schema(required, value_type = String, format = "password")]
    password: Zeroizing<String>,
    /// The audience of the token; the issuer's first audience if left out.
    audience: Option<String>,
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
    payload: web::Payload,
    issuer: web::Data<Issuer>,
) -> Result<HttpResponse, ProblemError> {
    let LoginForm { email, password, audience } = body::read(&request, payload, body::ANY).await?;
    if email.is_empty() || password.is_empty() {
        return Ok(answer::missing());
    }
    let asked = audience.filter(|audience| !audience.is_empty());
    let audience = issuer.tokens.user_audience(asked.as_deref());
    let audience = audience.map_err(|why| query::wrong("audience", why.to_string()))?;

    let even_time = EvenTime::starting_now();
    let from = client_address(&request);
    let user_agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
    let user_agent = user_agent.and_then(agent);
    let credentials = Credentials { email_key: key(&email)?, password, audience, from, user_agent };
    let outcome = attempt(&issuer, credentials).await?;
    let word = word_of(&outcome);
    issuer.metrics.log_in(word);
    // The Debug format escapes characters that could mislead a terminal or a log reader.
    tracing::info!(outcome = word.word(), email = ?email.trim(), from = from.map(tracing::field::display), "log-in");
    if issuer.uniform_errors && word != LoginOutcome::Ok {
        even_time.wait().await;
    }
    Ok(answer::of(&issuer, outcome))
}

/// Returns the key for the account look-up. A malformed address gets the key of an account that
/// does not exist.
fn key(typed: &str) -> Result<String, ProblemError> {
    match Email::parse(typed) {
        Ok(email) => Ok(email.key),
        Err(EmailError::Malformed) => Ok(format!("not an address: {}", typed.trim())),
        Err(why) => Err(query::wrong("email", why.to_string())),
    }
}

fn word_of(outcome: &Outcome) -> LoginOutcome {
    match outcome {
        Outcome::Tokens(_) => LoginOutcome::Ok,
        Outcome::Unknown => LoginOutcome::UnknownUser,
        Outcome::WrongPassword(_) => LoginOutcome::WrongPassword,
        Outcome::Disabled => LoginOutcome::Disabled,
    }
}
