//! The error of every use case. It knows neither HTTP nor OAuth nor commands: each of them maps it
//! once. `/login` alone has its own texts for refusals.
//!
//! `Display` is for operators: the log, and the commands. A client reads only the text that the edge
//! writes for the variant, and the faults of [`AppError::Invalid`].

use std::path::Path;
use std::{fmt, io};

use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use auth_crypto::hashing::{Busy, PoolError};
use auth_crypto::signing::{FileError, SigningError};
use auth_domain::audit::Reason;
use auth_store::StoreError;

/// The reason for which a use case was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppError {
    /// The subject does not exist.
    #[error("there is no {what} `{}`", .id.escape_debug())]
    NotFound {
        /// Its kind.
        what: Entity,
        /// The id, as the caller typed it.
        id: String,
    },
    /// The present state does not allow it.
    #[error(transparent)]
    Conflict(Conflict),
    /// Fields have values that they can't have: the name of each field, and its fault.
    #[error("{}", faults(.0))]
    Invalid(Vec<(&'static str, String)>),
    /// The caller is refused. If the audit log records the refusal, it has the row.
    #[error("refused: {}", .0.word())]
    Refused(Reason),
    /// Only operators make accounts.
    #[error("registration is closed")]
    RegistrationClosed,
    /// A limit in a window of time is used up.
    #[error("refused: {}", .reason.word())]
    LimitReached {
        /// Which limit.
        reason: Reason,
        /// The time until the window ends.
        retry_after: Duration,
    },
    /// Too many passwords wait to be hashed.
    #[error("too many passwords are waiting to be hashed")]
    Overloaded,
    /// Other requests changed the account during each attempt.
    #[error("the account was being changed")]
    Contended,
    /// A later try may succeed. The text is for operators alone.
    #[error("{0}")]
    Unavailable(String),
    /// A fault of the issuer. The text is for operators alone.
    #[error("{0}")]
    Internal(String),
}

/// A subject that may not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entity {
    /// A user.
    User,
    /// An open session.
    Session,
    /// A client.
    Client,
    /// A signing key.
    Key,
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "user",
            Self::Session => "open session",
            Self::Client => "client",
            Self::Key => "key",
        })
    }
}

/// A state that does not allow a change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// Another account has the address.
    #[error("another user has this e-mail address")]
    AddressTaken,
    /// No admin would be left.
    #[error("this is the last admin; make another one first")]
    LastAdmin,
    /// A client of this id exists.
    #[error("the client {0} exists already")]
    ClientExists(String),
    /// The key set holds as many keys as it may.
    #[error("the key set holds as many keys as it may; {}", next_leaves(.next_leaves_at.as_ref()))]
    KeySetFull {
        /// The time at which the next key leaves it by itself.
        next_leaves_at: Option<OffsetDateTime>,
    },
}

fn next_leaves(at: Option<&OffsetDateTime>) -> String {
    let time = |at: &OffsetDateTime| {
        at.replace_nanosecond(0).unwrap_or(*at).format(&Rfc3339).unwrap_or_default()
    };
    at.map_or_else(
        || "none of them leaves by itself".into(),
        |at| format!("the next one leaves at {}", time(at)),
    )
}

fn faults(faults: &[(&'static str, String)]) -> String {
    let lines: Vec<_> = faults.iter().map(|(field, why)| format!("the {field} {why}")).collect();
    lines.join("; ")
}

impl AppError {
    /// Returns the error for a subject without a record.
    pub fn not_found(what: Entity, id: impl fmt::Display) -> Self {
        Self::NotFound { what, id: id.to_string() }
    }

    /// Returns the error for one field.
    pub fn invalid(field: &'static str, why: impl fmt::Display) -> Self {
        Self::Invalid(vec![(field, why.to_string())])
    }

    /// Returns the error for a file or a folder: the action that failed, and the cause.
    pub(crate) fn file(action: &str, path: &Path, error: &io::Error) -> Self {
        Self::internal(format_args!("can't {action} {}: {error}", path.display()))
    }

    /// Returns the error for a fault of the issuer.
    pub fn internal(why: impl fmt::Display) -> Self {
        Self::Internal(why.to_string())
    }
}

impl From<Conflict> for AppError {
    fn from(conflict: Conflict) -> Self {
        Self::Conflict(conflict)
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        let text = error.to_string();
        match error {
            StoreError::Unavailable(_) => Self::Unavailable(text),
            StoreError::Failed(_) => Self::Internal(text),
        }
    }
}

impl From<Busy> for AppError {
    fn from(_: Busy) -> Self {
        Self::Overloaded
    }
}

impl From<PoolError> for AppError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Busy(busy) => busy.into(),
            error => {
                Self::internal(format_args!("a password could not be hashed or judged: {error}"))
            }
        }
    }
}

impl From<SigningError> for AppError {
    fn from(error: SigningError) -> Self {
        Self::internal(error)
    }
}

impl From<FileError> for AppError {
    fn from(error: FileError) -> Self {
        Self::internal(error)
    }
}
