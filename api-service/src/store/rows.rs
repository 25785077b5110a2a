//! Users as rows.

use diesel::prelude::*;
use signet_contract::directory::{DirectoryUser, UserState};
use uuid::Uuid;

use super::schema::users;
use super::sums;

/// The `state` of a deleted user.
pub(super) const DELETED: &str = "deleted";

/// A row of `users` or of the staged snapshot, without its ordinal.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = users)]
pub(super) struct UserRow {
    pub(super) public_id: Vec<u8>,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) state: String,
    pub(super) roles: String,
    pub(super) sum: i64,
}

impl UserRow {
    /// Creates the row of an existing user.
    pub(super) fn of(user: &DirectoryUser) -> Self {
        Self::new(user.public_id, &user.name, &user.email, state_text(user.state), &user.roles)
    }

    /// Creates the row of a deleted user: only its ordinal stays.
    pub(super) fn tombstone(public_id: Uuid) -> Self {
        Self::new(public_id, "", "", DELETED, &[])
    }

    fn new(public_id: Uuid, name: &str, email: &str, state: &str, roles: &[String]) -> Self {
        let mut row = Self {
            public_id: public_id.as_bytes().to_vec(),
            name: name.to_owned(),
            email: email.to_owned(),
            state: state.to_owned(),
            roles: roles_text(roles),
            sum: 0,
        };
        row.sum = row.computed_sum();
        row
    }

    /// Returns true if the row is as written.
    pub(super) fn sum_holds(&self) -> bool {
        self.sum == self.computed_sum()
    }

    fn computed_sum(&self) -> i64 {
        sums::of(&[
            &self.public_id,
            self.name.as_bytes(),
            self.email.as_bytes(),
            self.state.as_bytes(),
            self.roles.as_bytes(),
        ])
    }
}

/// Returns the column value of a state.
pub(super) fn state_text(state: UserState) -> &'static str {
    match state {
        UserState::Active => "active",
        UserState::Disabled => "disabled",
    }
}

/// Returns the state of a column. Any value except `active` means disabled.
pub(super) fn state_of(text: &str) -> UserState {
    if text == "active" { UserState::Active } else { UserState::Disabled }
}

/// Returns the column value of roles: a JSON list.
fn roles_text(roles: &[String]) -> String {
    serde_json::Value::from(roles.to_vec()).to_string()
}

/// Returns the roles of a column. Anything but a list of texts grants no role.
pub(super) fn roles_of(text: &str) -> Vec<String> {
    serde_json::from_str(text).unwrap_or_default()
}
