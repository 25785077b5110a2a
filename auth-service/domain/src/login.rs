//! The data of a log-in, and the check before its session opens.
//!
//! The account may change between the hash and the session. So the transaction that opens the
//! session checks again the data that was verified.

use serde::Deserialize;
use signet_contract::directory::UserState;
use utoipa::ToSchema;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::audit::RequestOrigin;
use super::refresh::NewRefreshToken;
use super::sessions::Session;

/// The fields of a log-in, as a form or as JSON.
#[derive(Deserialize, ToSchema)]
#[schema(max_properties = 32)]
pub struct LoginForm {
    /// The address of the account.
    #[serde(default)]
    #[schema(required, format = "email", min_length = 1, example = "ann@example.org")]
    pub email: String,
    /// The password.
    #[serde(default)]
    #[schema(required, value_type = String, format = "password", min_length = 1, example = "a long sentence is best")]
    pub password: Zeroizing<String>,
    /// The audience of the token; the issuer's first audience if left out.
    #[schema(example = "api-service")]
    pub audience: Option<String>,
}

/// The data of an account that a log-in needs.
#[derive(Clone)]
pub struct Credentials {
    /// The user's id.
    pub public_id: Uuid,
    /// The stored hash, a PHC string (or an imported one).
    pub password_hash: String,
    /// Active or disabled.
    pub state: UserState,
}

/// A session to be opened for credentials that were verified.
#[derive(Clone)]
pub struct Opening {
    /// The user's id.
    pub public_id: Uuid,
    /// The hash that the password was verified against.
    pub verified_hash: String,
    /// The new session's id.
    pub sid: Uuid,
    /// The origin of the log-in.
    pub from: RequestOrigin,
    /// The client's `User-Agent`, if it sent one.
    pub user_agent: Option<String>,
    /// The audience of its access tokens.
    pub audience: String,
    /// The session's first refresh token.
    pub refresh_token: NewRefreshToken,
}

/// The values of an account that a decision needs, read under the lock of the user's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedAccount {
    /// The stored hash.
    pub password_hash: String,
    /// Active or disabled.
    pub state: UserState,
    /// True if the user is also an operator.
    pub admin: bool,
}

impl Opening {
    /// Returns the roles of the session to open. `account` is the account as it is now; `None` if
    /// it is gone.
    ///
    /// # Errors
    ///
    /// [`NotOpened`], so that no session opens by a check made before a change of the account.
    pub fn check(&self, account: Option<&LockedAccount>) -> Result<Vec<String>, NotOpened> {
        match account {
            Some(account) if account.password_hash == self.verified_hash => match account.state {
                UserState::Active => Ok(super::roles(account.admin)),
                UserState::Disabled => Err(NotOpened::Disabled),
            },
            _ => Err(NotOpened::Outdated),
        }
    }
}

/// The reason for which verified credentials open no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotOpened {
    /// The account is disabled.
    Disabled,
    /// The hash is no longer the verified one, or the account is gone.
    Outdated,
}

/// The result of an opening.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// The session is open.
    Session(Session),
    /// The account is disabled.
    Disabled,
    /// The hash is no longer the verified one, or the account is gone: the caller starts over.
    Outdated,
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    #[test]
    fn session_opens_only_for_the_verified_hash_of_an_active_account() {
        let opening = Opening {
            public_id: Uuid::from_u128(1),
            verified_hash: "verified".into(),
            sid: Uuid::from_u128(2),
            from: RequestOrigin::default(),
            user_agent: None,
            audience: "api-service".into(),
            refresh_token: NewRefreshToken {
                family: [1; 32],
                hash: [2; 32],
                expires_at: OffsetDateTime::UNIX_EPOCH,
            },
        };
        let account =
            |hash: &str, state| LockedAccount { password_hash: hash.into(), state, admin: false };
        let (active, disabled) = (UserState::Active, UserState::Disabled);
        for (account, result) in [
            (Some(account("verified", active)), Ok(vec!["user".to_owned()])),
            (Some(account("verified", disabled)), Err(NotOpened::Disabled)),
            (Some(account("changed", active)), Err(NotOpened::Outdated)),
            // The state is not shown to a caller with the old password.
            (Some(account("changed", disabled)), Err(NotOpened::Outdated)),
            (None, Err(NotOpened::Outdated)),
        ] {
            assert_eq!(opening.check(account.as_ref()), result, "{account:?}");
        }
    }
}
