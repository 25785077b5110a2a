//! The reasons for which an imported hash is refused. No text contains a part of the hash.

/// The fault of an imported password hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashFault {
    /// Not one of the supported methods.
    #[error(
        "is of no method that is taken: argon2id; bcrypt ($2a$, $2b$, $2y$); werkzeug's scrypt, pbkdf2 and salted digests; Django's pbkdf2, scrypt, argon2id and bcrypt"
    )]
    Unknown,
    /// Not a hash, but the password itself.
    #[error(
        "is no hash but the password itself (plain), which other people may have read; the user needs a new password"
    )]
    Plain,
    /// A supported method, but not a possible hash of it.
    #[error("is damaged")]
    Damaged,
    /// Each log-in with it would cost more than this service allows.
    #[error(
        "costs more than 64 MiB, 2,000,000 iterations or bcrypt's cost 14, or is widened or repeated too often"
    )]
    TooCostly,
}
