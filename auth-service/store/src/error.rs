//! The errors of the store. [`StoreError`] says if a later try may succeed.

/// The store could not answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Locked, full, read-only, gone or out of connections: a later try may succeed. The text is
    /// for the log alone.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A fault of the issuer or a damaged database. The text is for the log alone.
    #[error("the database failed: {0}")]
    Failed(String),
}

/// The result of a store's method.
pub type StoreResult<T> = Result<T, StoreError>;
