//! Finds users by a part of the name or address, or by the beginning of the id. It reads every row:
//! for operators only.

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::super::connection::AnyConnection;
use super::super::schema::users;
use super::super::values::position_column;
use super::{COLUMNS, UserRow, user};
use auth_domain::users::{User, UserQuery};

diesel::define_sql_function! {
    /// The text in lower case.
    fn lower(text: Text) -> Text;
}

/// Registers a `lower` for letters of every script. That of `SQLite` handles English letters only.
pub(in super::super) fn register_lower(connection: &mut SqliteConnection) -> QueryResult<()> {
    lower_utils::register_impl(connection, |text: String| text.to_lowercase())
}

pub(super) fn page(
    connection: &mut AnyConnection,
    query: &UserQuery,
    text: &str,
) -> QueryResult<Vec<User>> {
    let typed = escaped(text);
    let small = typed.to_lowercase();
    let (part, small_part) = (format!("%{typed}%"), format!("%{small}%"));
    users::table
        .filter(users::created_seq.gt(position_column(query.after)))
        .filter(
            lower(users::name)
                .like(&small_part)
                .escape('\\')
                // A server with the locale `C` lowers English letters only.
                .or(users::name.like(&part).escape('\\'))
                .or(users::email_key.like(&small_part).escape('\\'))
                // The key of an internationalised address differs from the typed text.
                .or(lower(users::email).like(&small_part).escape('\\'))
                .or(users::public_id.like(format!("{small}%")).escape('\\')),
        )
        .order(users::created_seq)
        .limit(i64::from(query.limit))
        .select(COLUMNS)
        .load::<UserRow>(connection)?
        .into_iter()
        .map(user)
        .collect()
}

/// Escapes the text so that a `LIKE` pattern matches it literally.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
