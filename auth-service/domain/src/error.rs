//! What can go wrong below HTTP. The edge maps it once to what a client may read.

/// A store could not answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Locked, full, read-only, gone or out of connections: it may work again later. The text is
    /// for the log alone.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A fault of ours or a damaged database. The text is for the log alone.
    #[error("the database failed: {0}")]
    Failed(String),
}

/// What a store's method answers.
pub type StoreResult<T> = Result<T, StoreError>;
