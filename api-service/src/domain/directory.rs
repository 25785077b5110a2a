//! The user directory as clients read it.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::cursor::Cursor;

/// The most users on one page.
pub const MAX_PAGE: u16 = 1_000;

/// The users on a page if nobody says how many.
pub const DEFAULT_PAGE: u16 = 100;

/// A user, as users see each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct User {
    /// The user's id.
    pub public_id: Uuid,
    /// The name, as typed.
    pub name: String,
    /// The e-mail address, as typed.
    pub email: String,
}

/// Some users in order of creation; disabled ones are among them, deleted ones are not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The users.
    pub users: Vec<User>,
    /// Where the next page begins; `None` if no user follows.
    pub next: Option<Cursor>,
}

/// Why the directory gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// The cursor names no place in the list.
    #[error("the cursor is unknown")]
    UnknownCursor,
    /// The replica can't be read now. The text is for the log.
    #[error("{0}")]
    Unavailable(String),
}

/// Where users are read from.
pub trait Directory: Send + Sync {
    /// The user with this id: one point read, which takes microseconds and may be called on a
    /// thread that must not block.
    fn find(&self, public_id: Uuid) -> Result<Option<User>, DirectoryError>;

    /// At most `limit` users behind `after`, or from the beginning. Called on a thread that may
    /// block.
    fn page(&self, after: Option<Cursor>, limit: u16) -> Result<Page, DirectoryError>;
}
