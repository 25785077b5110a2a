//! Sessions: one for each log-in, named by the `sid` of every token of it.

use uuid::Uuid;

/// An open session, as a token of it needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The session's id.
    pub sid: Uuid,
    /// Whose.
    pub public_id: Uuid,
    /// The user's roles when it was opened or refreshed.
    pub roles: Vec<String>,
    /// The feed position, read after the user's row was locked.
    pub pos: u64,
}
