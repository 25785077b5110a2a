//! The user directory: the records that guards replicate, and the pages of a snapshot.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::events::Event;

/// The state of a user, which decides about login and access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum UserState {
    /// The user can log in.
    Active,
    /// The user can't log in until an operator enables the account again.
    Disabled,
}

/// The record of one user in a guard's replica. It has no password data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DirectoryUser {
    /// The id of the user.
    pub public_id: Uuid,
    /// The name, as the user typed it.
    pub name: String,
    /// The e-mail address, as the user typed it.
    pub email: String,
    /// Active or disabled. A deleted user has no record.
    pub state: UserState,
    /// `user`, and `admin` for operators.
    pub roles: Vec<String>,
}

/// One page of `GET /directory/users`, in the order of creation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DirectoryPage {
    /// The users of this page.
    pub users: Vec<DirectoryUser>,
    /// On the first page: all revocations that can still affect a token. Empty on other pages.
    pub revocations: Vec<Event>,
    /// The feed position up to which this page contains all changes, at least. A reader applies the
    /// feed from the position of the first page.
    pub position: u64,
    /// The cursor of the next page, or null on the last one.
    pub next: Option<String>,
}
