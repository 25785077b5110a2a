//! Finding users by a part of the name or the address. It reads every row: for operators only.

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::super::connection::AnyConnection;
use super::super::schema::users;
use super::super::values::position_column;
use super::{COLUMNS, UserRow, user};
use crate::domain::users::{User, UserQuery};

diesel::define_sql_function! {
    /// The text in small letters.
    fn lower(text: Text) -> Text;
}

pub(super) fn page(
    connection: &mut AnyConnection,
    query: &UserQuery,
    text: &str,
) -> QueryResult<Vec<User>> {
    let pattern = pattern(text);
    users::table
        .filter(users::created_seq.gt(position_column(query.after)))
        .filter(
            lower(users::name)
                .like(&pattern)
                .escape('\\')
                .or(users::email_key.like(&pattern).escape('\\')),
        )
        .order(users::created_seq)
        .limit(i64::from(query.limit))
        .select(COLUMNS)
        .load::<UserRow>(connection)?
        .into_iter()
        .map(user)
        .collect()
}

/// A `LIKE` pattern that finds the text itself, whatever characters it holds.
fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars().flat_map(char::to_lowercase) {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
