//! The check of a user's token against the issuer's own tables: the token may have lost the right
//! to use the session routes or the routes of operators since it was signed.

use signet_contract::bearer::Reason;
use signet_contract::claims::{ROLE_ADMIN, ROLE_USER};
use signet_contract::directory::UserState;

/// The facts that the tables hold about a token, all read at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// True if the key that signed the token was revoked.
    pub key_revoked: bool,
    /// True if the session exists, belongs to the user and has not ended.
    pub session_open: bool,
    /// The user's state; `None` if there is no such user.
    pub state: Option<UserState>,
    /// True if the user is an operator now.
    pub admin: bool,
    /// The lowest feed position (`pos`) of a token that is still accepted.
    pub tokens_from: u64,
}

/// The right that a route requires of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// The right of every user.
    User,
    /// The right of operators.
    Admin,
}

/// The reason for which a user's token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallerRefusal {
    /// The token is no longer good.
    Invalid(Reason),
    /// The token is good, but lacks the right.
    Forbidden,
}

/// Judges a token with these `roles` and this feed position. The token and the table must both hold
/// the right.
///
/// An end of sessions ends their rows in the same transaction. A removed role keeps the rows and
/// raises `tokens_from`. So the issuer refuses what a guard refuses by `user.sessions_revoked`.
pub fn judge(
    standing: &Standing,
    pos: u64,
    roles: &[String],
    wanted: Right,
) -> Result<(), CallerRefusal> {
    if standing.key_revoked {
        return Err(CallerRefusal::Invalid(Reason::RevokedKey));
    }
    let over = !standing.session_open || pos < standing.tokens_from;
    if over || standing.state != Some(UserState::Active) {
        return Err(CallerRefusal::Invalid(Reason::Revoked));
    }
    let (role, in_table) = match wanted {
        Right::User => (ROLE_USER, true),
        Right::Admin => (ROLE_ADMIN, standing.admin),
    };
    if in_table && roles.iter().any(|held| held == role) {
        Ok(())
    } else {
        Err(CallerRefusal::Forbidden)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Standing = Standing {
        key_revoked: false,
        session_open: true,
        state: Some(UserState::Active),
        admin: true,
        tokens_from: 7,
    };

    fn judged(standing: &Standing, roles: &[&str], wanted: Right) -> Result<(), CallerRefusal> {
        let roles: Vec<_> = roles.iter().map(|role| (*role).to_owned()).collect();
        judge(standing, 7, &roles, wanted)
    }

    #[test]
    fn token_ends_with_its_session_key_and_user() {
        assert_eq!(judged(&GOOD, &["user"], Right::User), Ok(()));
        for (standing, why) in [
            (Standing { key_revoked: true, ..GOOD }, Reason::RevokedKey),
            (Standing { session_open: false, ..GOOD }, Reason::Revoked),
            (Standing { state: Some(UserState::Disabled), ..GOOD }, Reason::Revoked),
            (Standing { state: None, ..GOOD }, Reason::Revoked),
            (Standing { tokens_from: 8, ..GOOD }, Reason::Revoked),
        ] {
            for wanted in [Right::User, Right::Admin] {
                let judged = judged(&standing, &["user", "admin"], wanted);
                assert_eq!(judged, Err(CallerRefusal::Invalid(why)), "{standing:?}");
            }
        }
    }

    #[test]
    fn right_must_be_in_token_and_table() {
        let demoted = Standing { admin: false, ..GOOD };
        assert_eq!(judged(&GOOD, &["user", "admin"], Right::Admin), Ok(()));
        assert_eq!(judged(&GOOD, &["user"], Right::Admin), Err(CallerRefusal::Forbidden));
        assert_eq!(
            judged(&demoted, &["user", "admin"], Right::Admin),
            Err(CallerRefusal::Forbidden)
        );
        assert_eq!(judged(&demoted, &["user", "admin"], Right::User), Ok(()));
        assert_eq!(judged(&GOOD, &[], Right::User), Err(CallerRefusal::Forbidden));
    }
}
