//! Maps the errors of the use cases to answers for clients, once. The cause goes only to the log.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use signet_contract::bearer;
use signet_service::line_limit::LineLimit;
use signet_service::problem_response::ProblemError;
use signet_service::query::ParameterError;
use signet_verifier::Refusal;

use super::answer;
use auth_app::error::{AppError, Conflict, Entity};
use auth_domain::audit::Reason;

/// The `Retry-After` seconds of a busy service: about the time to work off a full queue.
const BUSY_SECONDS: u32 = 2;

/// The `Retry-After` seconds if the database is locked or full.
const UNAVAILABLE_SECONDS: u32 = 5;

/// The `Retry-After` seconds if the account changed during each attempt.
const CONTENDED_SECONDS: u32 = 1;

/// The limit of lines about an outage: one a minute shows its begin and its end.
static OUTAGES: LineLimit = LineLimit::every(Duration::from_mins(1));

/// The error of a route that answers with problems (RFC 9457) or bearer challenges (RFC 6750).
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// The request can't be read, or the use case was not carried out.
    #[error(transparent)]
    Problem(#[from] ProblemError),
    /// The caller's token does not grant the request.
    #[error(transparent)]
    Token(#[from] Refusal),
}

impl ApiError {
    /// Returns the error for a listener that was set up without its state.
    pub(crate) fn no_state() -> Self {
        tracing::error!("the listener has no state");
        ProblemError::internal().into()
    }
}

impl From<ParameterError> for ApiError {
    fn from(error: ParameterError) -> Self {
        ProblemError::from(error).into()
    }
}

impl From<AppError> for ApiError {
    fn from(error: AppError) -> Self {
        match error {
            // The session ended while the request was served.
            AppError::Refused(Reason::SessionOver) => {
                Refusal::Invalid(bearer::Reason::Revoked).into()
            }
            error => problem(error).into(),
        }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Problem(problem) => problem.status_code(),
            Self::Token(refusal) => refusal.status_code(),
        }
    }

    fn error_response(&self) -> HttpResponse {
        match self {
            Self::Problem(problem) => problem.error_response(),
            Self::Token(refusal) => refusal.error_response(),
        }
    }
}

/// Maps an error to a problem (RFC 9457).
pub(crate) fn problem(error: AppError) -> ProblemError {
    match error {
        AppError::NotFound { what, .. } => {
            let what = match what {
                Entity::User => "There is no such user.",
                Entity::Session => "There is no such open session.",
                Entity::Client => "There is no such client.",
                Entity::Key => "There is no such key.",
            };
            ProblemError::new(StatusCode::NOT_FOUND, what)
        }
        AppError::Conflict(conflict) => ProblemError::new(StatusCode::CONFLICT, detail(&conflict)),
        AppError::Invalid(faults) => ProblemError::fields(faults),
        AppError::Refused(Reason::WrongPassword) => {
            ProblemError::new(StatusCode::FORBIDDEN, "The current password is another.")
        }
        AppError::RegistrationClosed => {
            ProblemError::new(StatusCode::FORBIDDEN, "registration is closed")
        }
        AppError::Refused(_) => ProblemError::new(StatusCode::FORBIDDEN, "This is not allowed."),
        AppError::LimitReached { reason, retry_after } => {
            let detail = if reason == Reason::TooManySignUps {
                "Too many sign-ups from this address; wait before the next one."
            } else {
                "Too many log-ins failed; wait before the next one."
            };
            let seconds = (retry_after.whole_milliseconds() + 999) / 1_000;
            let seconds = u32::try_from(seconds.max(1)).unwrap_or(u32::MAX);
            ProblemError::retry_after(StatusCode::TOO_MANY_REQUESTS, detail, seconds)
        }
        AppError::Overloaded => {
            unavailable("Too many requests of this kind are waiting; try again.", BUSY_SECONDS)
        }
        AppError::Contended => {
            unavailable("The account was being changed; try again.", CONTENDED_SECONDS)
        }
        AppError::Unavailable(why) => {
            log_unavailable(&why);
            unavailable("This can't be done just now; try again.", UNAVAILABLE_SECONDS)
        }
        AppError::Internal(why) => {
            tracing::error!(%why, "the request failed");
            ProblemError::internal()
        }
    }
}

/// Logs that a request can't be served now. In an outage each request of a stranger would be a line.
pub(super) fn log_unavailable(why: &str) {
    tracing::debug!(why, "the request can't be served now");
    if let Some(requests) = OUTAGES.count() {
        tracing::warn!(why, requests, "requests can't be served now");
    }
}

fn detail(conflict: &Conflict) -> String {
    match conflict {
        Conflict::AddressTaken => "Another user has this e-mail address.".into(),
        Conflict::LastAdmin => {
            "This user is the last admin. Make another user an admin first.".into()
        }
        Conflict::ClientExists(_) => "There is a client of this id.".into(),
        Conflict::KeySetFull { next_leaves_at } => {
            let next = next_leaves_at.map_or_else(
                || "None of them leaves by itself".to_owned(),
                |at| format!("The next one leaves at {}", answer::time(at)),
            );
            format!("The key set holds as many keys as it may. {next}.")
        }
    }
}

fn unavailable(detail: &str, seconds: u32) -> ProblemError {
    ProblemError::retry_after(StatusCode::SERVICE_UNAVAILABLE, detail, seconds)
}
