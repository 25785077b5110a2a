//! Maps errors of the lower layers to answers for clients. The cause goes only to the log.

use actix_web::http::StatusCode;
use signet_service::problem_response::ProblemError;

use auth_crypto::hashing::{Busy, PoolError};
use auth_domain::error::StoreError;

/// The `Retry-After` seconds of a busy service: about the time to work off a full queue.
const BUSY_SECONDS: u32 = 2;

/// The `Retry-After` seconds if the database is locked or full.
const UNAVAILABLE_SECONDS: u32 = 5;

/// The `Retry-After` seconds if the account changed during each attempt.
const OVERTAKEN_SECONDS: u32 = 1;

pub(super) fn of_store(error: StoreError) -> ProblemError {
    match error {
        StoreError::Unavailable(why) => {
            tracing::warn!(%why, "the database is not available");
            ProblemError::retry_after(
                StatusCode::SERVICE_UNAVAILABLE,
                "This can't be done just now; try again.",
                UNAVAILABLE_SECONDS,
            )
        }
        StoreError::Failed(why) => {
            tracing::error!(%why, "the database failed");
            ProblemError::internal()
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it ends here, as in every `map_err`")]
pub(super) fn of_hashing(error: PoolError) -> ProblemError {
    if let PoolError::Busy(busy) = error {
        return of_full_queue(busy);
    }
    tracing::error!(%error, "a password could not be hashed or judged");
    ProblemError::internal()
}

pub(super) fn of_signing(error: impl std::fmt::Display) -> ProblemError {
    tracing::error!(%error, "a token could not be signed");
    ProblemError::internal()
}

/// Returns `503`: too many passwords wait to be hashed.
pub(super) fn of_full_queue(_: Busy) -> ProblemError {
    ProblemError::retry_after(
        StatusCode::SERVICE_UNAVAILABLE,
        "Too many requests of this kind are waiting; try again.",
        BUSY_SECONDS,
    )
}

/// Returns `503`: other requests changed the account during each attempt.
pub(super) fn overtaken() -> ProblemError {
    let why = "The account was being changed; try again.";
    ProblemError::retry_after(StatusCode::SERVICE_UNAVAILABLE, why, OVERTAKEN_SECONDS)
}

/// Returns `429`: a limit in a time window is used up. The caller may retry after `rest`.
pub(super) fn too_many(detail: &str, rest: time::Duration) -> ProblemError {
    let seconds = (rest.whole_milliseconds() + 999) / 1_000;
    let seconds = u32::try_from(seconds.max(1)).unwrap_or(u32::MAX);
    ProblemError::retry_after(StatusCode::TOO_MANY_REQUESTS, detail, seconds)
}
