//! Reads the user table of the Flask tutorial for an import.
//!
//! Another program may be using the file. So it is opened read-only and read in pages, with no lock
//! held in between. `SQLite` allows any type in any column, so every value is read as bytes.

use std::path::Path;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Nullable};

use auth_domain::import::ImportRecord;

/// The file can't be read as a database of the Flask tutorial.
#[derive(Debug, thiserror::Error)]
#[error(
    "can't be read as the database of the Flask tutorial (a table `user` with the columns public_id, name, email and password): {0}"
)]
pub struct TutorialError(String);

/// The row number to read the first page after.
pub const FIRST: i64 = i64::MIN;

/// The open file.
pub struct Tutorial(SqliteConnection);

/// A row: its number and, if its values are text, its record.
pub struct TutorialRow {
    /// The row's `id` (`SQLite`'s rowid).
    pub id: i64,
    /// The record, or the reason why the row has none.
    pub record: Result<ImportRecord, &'static str>,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<Binary>)]
    public_id: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Binary>)]
    name: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Binary>)]
    email: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Binary>)]
    password: Option<Vec<u8>>,
}

impl Tutorial {
    /// Opens the file. Returns it with its number of rows.
    pub fn open(file: &Path) -> Result<(Self, u64), TutorialError> {
        let failed = |why: &dyn std::fmt::Display| TutorialError(why.to_string());
        let absolute = std::path::absolute(file).map_err(|error| failed(&error))?;
        let mut url =
            url::Url::from_file_path(absolute).map_err(|()| failed(&"not a path of a file"))?;
        url.set_query(Some("mode=ro"));
        let mut connection =
            SqliteConnection::establish(url.as_str()).map_err(|error| failed(&error))?;
        let count = diesel::sql_query(r#"SELECT count(*) AS count FROM "user""#)
            .get_result::<Count>(&mut connection)
            .map_err(|error| failed(&error))?
            .count;
        let mut tutorial = Self(connection);
        // Report a missing column before the import starts.
        tutorial.page(FIRST, 1)?;
        Ok((tutorial, u64::try_from(count).unwrap_or(0)))
    }

    /// Returns at most `limit` rows after the row `after`, in order.
    pub fn page(&mut self, after: i64, limit: i64) -> Result<Vec<TutorialRow>, TutorialError> {
        let rows = diesel::sql_query(
            r#"SELECT u.rowid AS id, CAST(u.public_id AS BLOB) AS public_id,
            CAST(u.name AS BLOB) AS name, CAST(u.email AS BLOB) AS email,
            CAST(u.password AS BLOB) AS password
            FROM "user" AS u WHERE u.rowid > ? ORDER BY u.rowid LIMIT ?"#,
        )
        .bind::<BigInt, _>(after)
        .bind::<BigInt, _>(limit)
        .load::<Row>(&mut self.0)
        .map_err(|error| TutorialError(error.to_string()))?;
        Ok(rows.into_iter().map(TutorialRow::from).collect())
    }
}

impl From<Row> for TutorialRow {
    fn from(row: Row) -> Self {
        // A missing value counts as an empty text.
        let text = |value: Option<Vec<u8>>| String::from_utf8(value.unwrap_or_default());
        let record = (|| {
            Ok::<_, std::string::FromUtf8Error>(ImportRecord {
                public_id: text(row.public_id)?,
                name: text(row.name)?,
                email: text(row.email)?,
                password_hash: text(row.password)?,
            })
        })();
        Self { id: row.id, record: record.map_err(|_| "is not UTF-8") }
    }
}
