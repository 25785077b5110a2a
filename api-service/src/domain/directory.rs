//! The user directory, as clients read it.

use std::sync::Arc;

use bytes::Bytes;
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

/// A page of users, in the order of creation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = UserPage)]
pub struct Page {
    /// The users, also disabled ones.
    pub users: Vec<User>,
    /// The `after` of the next page, or null if no user follows.
    #[schema(value_type = Option<String>)]
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
    /// Returns the user with this id, from memory or by one point read of microseconds. It may be
    /// called on a thread that must not block.
    fn find(&self, public_id: Uuid) -> Result<Option<Arc<User>>, DirectoryError>;

    /// Returns a [`Page`] as JSON, or `None` if it is not in memory. It never blocks.
    fn page_in_memory(&self, after: Option<Cursor>, limit: u16) -> Option<Bytes>;

    /// Returns a [`Page`] as JSON: at most `limit` users after `after`, or from the beginning.
    /// Called on a thread that may block.
    fn page(&self, after: Option<Cursor>, limit: u16) -> Result<Bytes, DirectoryError>;
}
