//! How values stand in a column.

use diesel::QueryResult;
use signet_contract::directory::UserState;
use uuid::Uuid;

use super::failure::damaged;
use auth_domain::keys::KeyState;

/// Whether a text can stand in a column at all: to be asked for one that cannot is no fault of
/// the database.
pub(super) fn storable(text: &str) -> bool {
    !text.contains('\0')
}

pub(super) fn uuid(text: &str) -> QueryResult<Uuid> {
    text.parse().map_err(|_| damaged("an id"))
}

/// A position as it is read.
pub(super) fn position(column: i64) -> QueryResult<u64> {
    u64::try_from(column).map_err(|_| damaged("a feed position"))
}

/// A position as a query is asked for it. No column reaches the largest.
pub(super) fn position_column(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

pub(super) fn user_state(word: &str) -> QueryResult<UserState> {
    match word {
        "active" => Ok(UserState::Active),
        "disabled" => Ok(UserState::Disabled),
        _ => Err(damaged("a user's state")),
    }
}

pub(super) fn user_state_word(state: UserState) -> &'static str {
    match state {
        UserState::Active => "active",
        UserState::Disabled => "disabled",
    }
}

pub(super) fn key_state(word: &str) -> QueryResult<KeyState> {
    let found = KeyState::ALL.into_iter().find(|state| state.word() == word);
    found.ok_or_else(|| damaged("a key's state"))
}
