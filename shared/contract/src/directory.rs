//! The user directory: the records that guards replicate, and the snapshot pages they start from.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::events::Event;

/// Whether a user may log in and be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum UserState {
    /// May log in.
    Active,
    /// May not, until enabled again.
    Disabled,
}

/// One user as guards know them. It holds nothing of a password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DirectoryUser {
    /// The user's id.
    pub public_id: Uuid,
    /// The name, as typed.
    pub name: String,
    /// The e-mail address, as typed.
    pub email: String,
    /// Active or disabled; a deleted user has no record.
    pub state: UserState,
    /// `user`, and `admin` for operators.
    pub roles: Vec<String>,
}

/// One page of `GET /directory/users`, in order of creation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DirectoryPage {
    /// The users of this page.
    pub users: Vec<DirectoryUser>,
    /// On the first page: every revocation that can still matter. Empty on the others.
    pub revocations: Vec<Event>,
    /// The feed position of which this page is at least true. A reader applies the feed from the
    /// first page's position.
    pub position: u64,
    /// The cursor of the next page, or null on the last one.
    pub next: Option<String>,
}
