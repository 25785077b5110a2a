//! The answers of a log-in. The texts and challenges are those that older clients know.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, PRAGMA, WWW_AUTHENTICATE};
use serde::Serialize;
use utoipa::ToSchema;

use super::attempt::Outcome;
use crate::Issuer;
use crate::edge::answer::{text, uncached};

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

pub(super) fn of(issuer: &Issuer, outcome: Outcome) -> HttpResponse {
    match outcome {
        Outcome::Tokens(tokens) => {
            uncached(StatusCode::CREATED).insert_header((PRAGMA, "no-cache")).json(LoginAnswer {
                token: tokens.access,
                token_type: "Bearer",
                expires_in: issuer.tokens.life.whole_seconds(),
                refresh_token: tokens.refresh.to_string(),
                refresh_expires_in: tokens.refresh_life.whole_seconds(),
            })
        }
        _ if issuer.uniform_errors => missing(),
        Outcome::Unknown => refusal(StatusCode::UNAUTHORIZED, NO_SUCH_USER),
        Outcome::WrongPassword(_) => refusal(StatusCode::FORBIDDEN, WRONG_PASSWORD),
        Outcome::Disabled => refusal(StatusCode::FORBIDDEN, ACCOUNT_DISABLED),
    }
}

/// Returns the answer for a missing address or password.
pub(super) fn missing() -> HttpResponse {
    refusal(StatusCode::UNAUTHORIZED, LOGIN_REQUIRED)
}

fn refusal(status: StatusCode, challenge: &'static str) -> HttpResponse {
    let mut answer = text(status, "Could not verify");
    answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    answer
}
