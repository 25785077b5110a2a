//! Reads the user table of the Flask tutorial for an import.
//!
//! Another program may be using the file. So it is opened read-only and read in pages, with no lock
//! held in between. `SQLite` allows any type in any column, so every value is read as bytes.

use std::path::Path;

use diesel::connection::DefaultLoadingMode;
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
        if let (_, Some(error)) = tutorial.page(FIRST, 1) {
            return Err(error);
        }
        Ok((tutorial, u64::try_from(count).unwrap_or(0)))
    }

    /// Returns at most `limit` rows after the row `after`, in order. The second value is the reason
    /// for which nothing after these rows can be read.
    pub fn page(&mut self, after: i64, limit: i64) -> (Vec<TutorialRow>, Option<TutorialError>) {
        let mut rows = Vec::new();
        let read = diesel::sql_query(
            r#"SELECT u.rowid AS id, CAST(u.public_id AS BLOB) AS public_id,
            CAST(u.name AS BLOB) AS name, CAST(u.email AS BLOB) AS email,
            CAST(u.password AS BLOB) AS password
            FROM "user" AS u WHERE u.rowid > ? ORDER BY u.rowid LIMIT ?"#,
        )
        .bind::<BigInt, _>(after)
        .bind::<BigInt, _>(limit)
        .load_iter::<Row, DefaultLoadingMode>(&mut self.0)
        .and_then(|mut found| {
            found.try_for_each(|row| {
                rows.push(TutorialRow::from(row?));
                Ok(())
            })
        });
        (rows, read.err().map(|error| TutorialError(error.to_string())))
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

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection as _;

    use super::*;

    /// Writes a file of the tutorial, with these statements after its table.
    fn file_of(folder: &tempfile::TempDir, statements: &str) -> std::path::PathBuf {
        let file = folder.path().join("users.db");
        let mut connection =
            SqliteConnection::establish(file.to_str().expect("a path")).expect("a file");
        let table = "PRAGMA page_size = 512; CREATE TABLE user (id INTEGER PRIMARY KEY, public_id, \
            name, email, password);";
        connection.batch_execute(&format!("{table}{statements}")).expect("filled");
        file
    }

    #[test]
    fn values_of_other_types_are_read_as_text() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = file_of(
            &folder,
            "INSERT INTO user VALUES (7, 17, 1.5, NULL, x'6869'), (9, x'ff', '', '', '')",
        );
        let (mut tutorial, count) = Tutorial::open(&file).expect("opened");
        let (rows, fault) = tutorial.page(FIRST, 10);
        assert!(fault.is_none() && count == 2);
        let record = rows[0].record.as_ref().expect("a record");
        let texts = [&record.public_id, &record.name, &record.email, &record.password_hash];
        assert_eq!((rows[0].id, texts.map(String::as_str)), (7, ["17", "1.5", "", "hi"]));
        assert_eq!((rows[1].id, rows[1].record.as_ref().err()), (9, Some(&"is not UTF-8")));
    }

    #[test]
    fn rows_before_an_unreadable_page_are_returned() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = file_of(
            &folder,
            "INSERT INTO user VALUES (1, '1', 'a', 'a', 'x'), (2, '2', 'b', 'b', 'x'),
            (3, '3', 'c', 'c', printf('%05000d', 0)), (4, '4', 'd', 'd', 'x')",
        );
        // The first overflow page of the third row leads to a page that does not exist.
        let mut bytes = std::fs::read(&file).expect("read");
        let mut pages = bytes.chunks_mut(512);
        let long = pages.find(|page| page[4..].iter().all(|byte| *byte == b'0')).expect("a page");
        long[..4].fill(0x7f);
        std::fs::write(&file, bytes).expect("written");
        let (mut tutorial, count) = Tutorial::open(&file).expect("opened");
        let (rows, fault) = tutorial.page(FIRST, 1_000);
        assert!(fault.is_some() && count == 4);
        assert!(rows.iter().map(|row| row.id).eq([1, 2]), "{}", rows.len());
    }
}
