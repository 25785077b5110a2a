//! The accounts.

use serde::Serialize;
use signet_contract::directory::UserState;
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::ToSchema;
use uuid::Uuid;

use auth_domain::page::{self, Cursor};
use auth_domain::users::User;

/// A page of users, in order of creation.
#[derive(Serialize, ToSchema)]
pub struct UserList {
    /// The users, in the order of their creation.
    pub users: Vec<UserEntry>,
    /// The cursor of the next page; null on the last page.
    pub next: Option<String>,
}

/// An account, without anything of its password.
#[derive(Serialize, ToSchema)]
pub struct UserEntry {
    /// The user's id.
    pub public_id: Uuid,
    /// The name, as typed.
    pub name: String,
    /// The e-mail address, as typed.
    pub email: String,
    /// `active` or `disabled`.
    pub state: UserState,
    /// `user`, and `admin` for operators.
    pub roles: Vec<String>,
    /// The time of creation.
    #[serde(with = "rfc3339")]
    pub created_at: OffsetDateTime,
    /// The time of the last change of state, roles or password; the time of creation until then.
    #[serde(with = "rfc3339")]
    pub changed_at: OffsetDateTime,
}

impl UserList {
    /// Returns the page of at most `limit` at the start of the rows read ([`page::rows_for`]).
    pub fn of(mut users: Vec<User>, limit: u32) -> Self {
        let next = page::cut(&mut users, limit, |user| Cursor(user.created_seq).to_string());
        Self { users: users.into_iter().map(UserEntry::from).collect(), next }
    }
}

impl From<User> for UserEntry {
    fn from(user: User) -> Self {
        Self {
            public_id: user.public_id,
            roles: user.roles(),
            name: user.name,
            email: user.email,
            state: user.state,
            created_at: user.created_at,
            changed_at: user.changed_at,
        }
    }
}
