//! What the database's errors mean to those above: try again later, or a fault.

use diesel::result::{DatabaseErrorKind as Kind, Error};

use auth_domain::error::StoreError;

/// Whether the error says that a row with the same unique value is there already.
pub(super) fn is_taken(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(Kind::UniqueViolation, _))
}

/// Whether another process held a file's lock for too long. diesel has no kind for it.
pub(super) fn is_locked(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(Kind::Unknown, info) if info.message() == "database is locked")
}

/// Queries are checked when they are compiled, so what the database itself refuses at run time is
/// its surroundings: locked, full, read-only, gone.
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

/// A row that holds what no version of this service writes there.
pub(super) fn damaged(what: &str) -> Error {
    Error::DeserializationError(format!("{what} is damaged").into())
}
