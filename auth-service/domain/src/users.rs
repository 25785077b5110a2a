//! Users: their records, and the changes that the store makes to them.

use signet_contract::claims::{ROLE_ADMIN, ROLE_USER};
use signet_contract::directory::UserState;
use signet_contract::events::UserChange;
use time::OffsetDateTime;
use uuid::Uuid;

mod edit;

pub use edit::{Decision, Edit};

/// A user as operators and guards see one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The id that tokens carry.
    pub public_id: Uuid,
    /// The name, as typed.
    pub name: String,
    /// The e-mail address, as typed.
    pub email: String,
    /// Active or disabled.
    pub state: UserState,
    /// True if the user is also an operator.
    pub admin: bool,
    /// The time at which the account was made.
    pub created_at: OffsetDateTime,
    /// The time of the last change of state, roles or password; the time of creation until then.
    pub changed_at: OffsetDateTime,
    /// The feed position of the account's creation: users are listed in this order.
    pub created_seq: u64,
}

impl User {
    /// Returns the roles as tokens and guards carry them.
    pub fn roles(&self) -> Vec<String> {
        super::roles(self.admin)
    }

    /// Returns the user as an event carries it.
    pub fn event_record(&self) -> UserChange {
        UserChange {
            public_id: self.public_id,
            state: self.state,
            name: Some(self.name.clone()),
            email: Some(self.email.clone()),
            roles: Some(self.roles()),
        }
    }
}

/// A user to create. All its data is checked already.
#[derive(Clone)]
pub struct NewUser {
    /// A fresh id.
    pub public_id: Uuid,
    /// The name, as typed.
    pub name: String,
    /// The e-mail address, as typed.
    pub email: String,
    /// The key by which the address is compared: one account per key.
    pub email_key: String,
    /// The password's hash, a PHC string (or an imported one).
    pub password_hash: String,
    /// True if the user is also an operator.
    pub admin: bool,
}

/// The result of a creation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// The account was created.
    User(User),
    /// Another account has the address.
    AddressTaken,
}

/// The result of a change that could end the last admin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// The change is done, or was done before.
    Done,
    /// There is no such user.
    Unknown,
    /// No admin would be left.
    LastAdmin,
}

/// A page of users to read.
#[derive(Debug, Clone, Default)]
pub struct UserQuery {
    /// Only users created after this position.
    pub after: u64,
    /// At most this many.
    pub limit: u32,
    /// Only users with this text in name or address, or at the beginning of the id.
    pub search: Option<String>,
}

/// The reason for which a list of roles is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RolesError {
    /// `user` is missing. It can't be taken away, only the account disabled.
    #[error(
        "does not hold `user`, the role of every user; to lock a user out, disable the account"
    )]
    WithoutUser,
    /// A role is unknown.
    #[error("holds a role other than `user` and `admin`")]
    Unknown,
}

/// Returns true if a user with these roles is an operator.
pub fn admin_by(roles: &[String]) -> Result<bool, RolesError> {
    if roles.iter().any(|role| ![ROLE_USER, ROLE_ADMIN].contains(&role.as_str())) {
        return Err(RolesError::Unknown);
    }
    if !roles.iter().any(|role| role == ROLE_USER) {
        return Err(RolesError::WithoutUser);
    }
    Ok(roles.iter().any(|role| role == ROLE_ADMIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_user_and_optionally_admin() {
        let by = |roles: &[&str]| {
            admin_by(&roles.iter().map(|role| (*role).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(by(&["user"]), Ok(false));
        assert_eq!(by(&["user", "admin"]), Ok(true));
        assert_eq!(by(&["admin", "user", "user"]), Ok(true), "a set, in any order");
        for without in [&[][..], &["admin"]] {
            assert_eq!(by(without), Err(RolesError::WithoutUser), "{without:?}");
        }
        for unknown in [&["user", "root"][..], &["User"], &["user", ""], &["user admin"]] {
            assert_eq!(by(unknown), Err(RolesError::Unknown), "{unknown:?}");
        }
    }
}
