//! Finding users by a part of the name or the address, or by the beginning of the id. It reads every
//! row: for operators only.

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::super::connection::AnyConnection;
use super::super::schema::users;
use super::super::values::position_column;
use super::{COLUMNS, UserRow, user};
use auth_domain::users::{User, UserQuery};

diesel::define_sql_function! {
    /// The text in small letters.
    fn lower(text: Text) -> Text;
}

/// Teaches a connection the small letters of every script: `SQLite` itself knows those of English.
pub(in super::super) fn teach_small_letters(connection: &mut SqliteConnection) -> QueryResult<()> {
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
                // A server of the locale `C` knows English small letters alone.
                .or(users::name.like(&part).escape('\\'))
                .or(users::email_key.like(&small_part).escape('\\'))
                // The key of an internationalised address is another text than what was typed.
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

/// The text as a `LIKE` pattern takes it literally, whatever characters it holds.
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
