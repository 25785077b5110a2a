//! The reasons for which an imported hash is refused. No text contains a part of the hash.

/// The fault of an imported password hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashFault {
    /// Not one of the supported methods.
    #[error("is of no method that is taken: argon2id, and werkzeug's scrypt and pbkdf2")]
    Unknown,
    /// A supported method, but not a possible hash of it.
    #[error("is damaged")]
    Damaged,
    /// Each log-in with it would cost more than this service allows.
    #[error("costs more than 64 MiB or 2,000,000 iterations, or is widened or repeated too often")]
    TooCostly,
}
