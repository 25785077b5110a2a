//! Maps database errors to store errors: unavailable (try again later) or failed (a fault).

use diesel::result::{DatabaseErrorKind as Kind, Error};

use crate::error::StoreError;

/// Returns true if a row with the same unique value exists already.
pub(super) fn is_taken(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(Kind::UniqueViolation, _))
}

/// Returns true if another process held a file's lock for too long. diesel has no kind for it.
pub(super) fn is_locked(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(Kind::Unknown, info) if info.message() == "database is locked")
}

/// Maps a query error. The compiler checks queries, so what the database refuses at run time comes
/// from its environment: locked, full, read-only or gone.
pub(super) fn store_error(error: Error) -> StoreError {
    match error {
        Error::DatabaseError(
            Kind::UniqueViolation
            | Kind::ForeignKeyViolation
            | Kind::NotNullViolation
            | Kind::CheckViolation,
            info,
        ) => StoreError::Failed(info.message().to_owned()),
        Error::DatabaseError(_, info) => StoreError::Unavailable(info.message().to_owned()),
        Error::BrokenTransactionManager => {
            StoreError::Unavailable("a transaction was left in an unknown state".into())
        }
        other => StoreError::Failed(other.to_string()),
    }
}

/// Returns the error for a row with a value that no version of this service writes there.
pub(super) fn damaged(what: &str) -> Error {
    Error::DeserializationError(format!("{what} is damaged").into())
}
