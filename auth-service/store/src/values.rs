//! The conversion of values to and from columns.

use diesel::QueryResult;
use signet_contract::directory::UserState;
use uuid::Uuid;

use super::failure::damaged;
use auth_domain::keys::KeyState;

/// Returns true if a column can hold the text. For any other text the caller finds no row, without
/// a database error.
pub(super) fn storable(text: &str) -> bool {
    !text.contains('\0')
}

pub(super) fn uuid(text: &str) -> QueryResult<Uuid> {
    text.parse().map_err(|_| damaged("an id"))
}

/// Converts a column to a position.
pub(super) fn position(column: i64) -> QueryResult<u64> {
    u64::try_from(column).map_err(|_| damaged("a feed position"))
}

/// Converts a position for a query. No column reaches the largest value.
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
