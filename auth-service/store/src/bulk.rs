//! Statements about many rows. Both databases limit the bind values of one statement.

/// The number of rows in one statement. `SQLite` binds at most 32,766 values, `PostgreSQL` 65,535;
/// no table has more than 30 columns.
pub(super) const ROWS_AT_ONCE: usize = 500;

/// Inserts a slice of rows. One row alone is a prepared statement that the connection keeps.
// A macro, since diesel has no batch insert for two kinds of connection, and a function would need
// the types of all its parts.
macro_rules! insert_all {
    ($connection:expr, $table:expr, $rows:expr) => {{
        let connection: &mut $crate::connection::AnyConnection = $connection;
        for rows in $rows.chunks($crate::bulk::ROWS_AT_ONCE) {
            let table = diesel::insert_into($table);
            match (&mut *connection, rows) {
                (connection, [row]) => table.values(row).execute(connection),
                ($crate::connection::AnyConnection::Sqlite(connection), rows) => {
                    table.values(rows).execute(connection)
                }
                ($crate::connection::AnyConnection::Postgres(connection), rows) => {
                    table.values(rows).execute(connection)
                }
            }?;
        }
    }};
}

pub(super) use insert_all;
