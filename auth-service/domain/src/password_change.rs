//! A change of a user's own password. The caller judges, verifies and hashes. The store sets the
//! new hash in one transaction, if the account is still as it was verified.

use serde::Deserialize;
use signet_contract::directory::UserState;
use utoipa::ToSchema;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::login::LockedAccount;
use super::password;
use super::sign_up::FieldErrors;

/// The fields of a password change, as a form or as JSON.
#[derive(Deserialize, ToSchema)]
#[schema(max_properties = 32)]
pub struct PasswordForm {
    /// The current password.
    #[serde(default)]
    #[schema(required, value_type = String, format = "password", min_length = 1, example = "a long sentence is best")]
    pub current_password: Zeroizing<String>,
    /// The new password: not a common one, not the address, not the name.
    #[serde(default)]
    #[schema(required, value_type = String, format = "password", min_length = 8, example = "a longer sentence is better")]
    pub new_password: Zeroizing<String>,
}

/// The data of the account that a change needs.
#[derive(Clone)]
pub struct Account {
    /// The name, which no password may be.
    pub name: String,
    /// The address as typed, which no password may be either.
    pub email: String,
    /// The key by which failures are counted.
    pub email_key: String,
    /// The stored hash.
    pub password_hash: String,
}

/// A new password for credentials that were verified.
#[derive(Clone)]
pub struct PasswordChange {
    /// The user's id.
    pub public_id: Uuid,
    /// The session that stays open.
    pub sid: Uuid,
    /// The hash that the current password was verified against.
    pub verified_hash: String,
    /// The hash of the new one.
    pub new_hash: String,
}

impl PasswordChange {
    /// Decides on the change. `account` is the account as it is now; `None` if it is gone.
    /// `session_open` is true if the session that asks for the change is open.
    pub fn check(&self, account: Option<&LockedAccount>, session_open: bool) -> PasswordChanged {
        match account {
            Some(account) if session_open && account.state == UserState::Active => {
                if account.password_hash == self.verified_hash {
                    PasswordChanged::Done
                } else {
                    PasswordChanged::Outdated
                }
            }
            _ => PasswordChanged::SessionOver,
        }
    }
}

/// The result of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordChanged {
    /// The new password is set, and every other session has ended.
    Done,
    /// The hash is no longer the verified one: the caller starts over.
    Outdated,
    /// The session has ended meanwhile, or the user is disabled or gone.
    SessionOver,
}

impl PasswordForm {
    /// Checks that both passwords are given; returns all faults at once.
    pub fn check(&self) -> Result<(), FieldErrors> {
        let given =
            [("current_password", &self.current_password), ("new_password", &self.new_password)];
        let missing = given.into_iter().filter(|(_, password)| password.is_empty());
        refuse(missing.map(|(name, _)| (name, "is missing".to_owned())).collect())
    }

    /// Checks that the new password may be set for `account`; returns all faults at once.
    pub fn check_for(&self, account: &Account) -> Result<(), FieldErrors> {
        let faults = password::judge(&self.new_password, &account.name, &account.email);
        refuse(faults.into_iter().map(|fault| ("new_password", fault.to_string())).collect())
    }
}

fn refuse(faults: FieldErrors) -> Result<(), FieldErrors> {
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(current: &str, new: &str) -> PasswordForm {
        PasswordForm {
            current_password: current.to_owned().into(),
            new_password: new.to_owned().into(),
        }
    }

    #[test]
    fn check_names_every_missing_password() {
        let names = |form: PasswordForm| -> Vec<_> {
            form.check().err().unwrap_or_default().into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(names(form("", "")), ["current_password", "new_password"]);
        assert_eq!(names(form("correct horse", "")), ["new_password"]);
        assert_eq!(names(form("a", "b")), [""; 0]);
    }

    #[test]
    fn new_password_must_fit_the_account() {
        let account = Account {
            name: "Annabel Lee".into(),
            email: "ann@example.org".into(),
            email_key: "ann@example.org".into(),
            password_hash: String::new(),
        };
        for unfit in ["short", "annabel lee", "ann@example.org"] {
            assert!(form("correct horse", unfit).check_for(&account).is_err(), "{unfit}");
        }
        assert_eq!(form("correct horse", "another evening").check_for(&account), Ok(()));
    }

    #[test]
    fn password_changes_only_in_an_open_session_of_the_verified_account() {
        let change = PasswordChange {
            public_id: Uuid::from_u128(1),
            sid: Uuid::from_u128(2),
            verified_hash: "verified".into(),
            new_hash: "new".into(),
        };
        let account =
            |hash: &str, state| LockedAccount { password_hash: hash.into(), state, admin: false };
        let (active, disabled) = (UserState::Active, UserState::Disabled);
        for (account, session_open, result) in [
            (Some(account("verified", active)), true, PasswordChanged::Done),
            (Some(account("changed", active)), true, PasswordChanged::Outdated),
            (Some(account("changed", active)), false, PasswordChanged::SessionOver),
            (Some(account("verified", active)), false, PasswordChanged::SessionOver),
            (Some(account("verified", disabled)), true, PasswordChanged::SessionOver),
            (None, true, PasswordChanged::SessionOver),
        ] {
            let checked = change.check(account.as_ref(), session_open);
            assert_eq!(checked, result, "{account:?} {session_open}");
        }
    }
}
