//! Why a hash that came from elsewhere is not taken. No text of it holds any of the hash.

/// What is wrong with a foreign password hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Not one of the methods that are verified here.
    #[error("is of no method that is taken: argon2id, and werkzeug's scrypt and pbkdf2")]
    Unknown,
    /// The right method, but no hash that it could have made.
    #[error("is damaged")]
    Damaged,
    /// Each log-in with it would cost more than this service is ready to spend.
    #[error("costs more than 64 MiB or 2,000,000 iterations, or is widened or repeated too often")]
    TooCostly,
}
