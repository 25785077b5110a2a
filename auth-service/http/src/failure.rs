//! What went wrong below HTTP, as the client may read it. The cause goes to the log, here alone.

use actix_web::http::StatusCode;
use signet_service::problem_response::ProblemError;

use auth_crypto::hashing::{Busy, PoolError};
use auth_domain::error::StoreError;

/// Seconds after which a busy service is worth another try: about what a full queue takes.
const BUSY_SECONDS: u32 = 2;

/// Seconds after which a database that was locked or full is worth another try.
const UNAVAILABLE_SECONDS: u32 = 5;

/// Seconds after which a request that never caught up with its account is worth another try.
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

/// Too many passwords wait to be hashed.
pub(super) fn of_full_queue(_: Busy) -> ProblemError {
    ProblemError::retry_after(
        StatusCode::SERVICE_UNAVAILABLE,
        "Too many requests of this kind are waiting; try again.",
        BUSY_SECONDS,
    )
}

/// The account was changed by others in each try.
pub(super) fn overtaken() -> ProblemError {
    let why = "The account was being changed; try again.";
    ProblemError::retry_after(StatusCode::SERVICE_UNAVAILABLE, why, OVERTAKEN_SECONDS)
}

/// A limit in a window of time is used up; the caller may come again after `rest`.
pub(super) fn too_many(detail: &str, rest: time::Duration) -> ProblemError {
    let seconds = (rest.whole_milliseconds() + 999) / 1_000;
    let seconds = u32::try_from(seconds.max(1)).unwrap_or(u32::MAX);
    ProblemError::retry_after(StatusCode::TOO_MANY_REQUESTS, detail, seconds)
}
