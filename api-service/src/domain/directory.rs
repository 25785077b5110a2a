//! The user directory, as clients read it.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::cursor::Cursor;

/// The largest number of users on a page.
pub const MAX_PAGE: u16 = 1_000;

/// The number of users on a page if the request has no limit.
pub const DEFAULT_PAGE: u16 = 100;

/// A user, as other users see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct User {
    /// The id of the user.
    pub public_id: Uuid,
    /// The name, as the user typed it.
    pub name: String,
    /// The e-mail address, as the user typed it.
    pub email: String,
}

/// A page of users in the order of creation, with disabled and without deleted users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The users.
    pub users: Vec<User>,
    /// The start of the next page, or `None` if no user follows.
    pub next: Option<Cursor>,
}

/// The reason for which the directory gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// The cursor names no position in the list.
    #[error("the cursor is unknown")]
    UnknownCursor,
    /// The replica can't be read now. The text is for the log.
    #[error("{0}")]
    Unavailable(String),
}

/// A source of users.
pub trait Directory: Send + Sync {
    /// Returns the user with this id: one point read of microseconds, which may be called on a
    /// thread that must not block.
    fn find(&self, public_id: Uuid) -> Result<Option<User>, DirectoryError>;

    /// Returns at most `limit` users after `after`, or from the beginning. Called on a thread that
    /// may block.
    fn page(&self, after: Option<Cursor>, limit: u16) -> Result<Page, DirectoryError>;
}
