//! The plans of all statements that the tests of the replica run.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use support::plans::{Exceptions, explain_at_sqlite};

use super::Place;
use crate::store::staging;

const EXCEPTIONS: Exceptions = Exceptions {
    small: &[
        ("pragma_application_id", "one row"),
        ("pragma_user_version", "one row"),
        ("replica_state", "six rows"),
        ("sqlite_master", "a row for each table and index"),
    ],
    statements: &[
        (" WHERE (1=0)", "an empty list of positions: no row is read"),
        ("users.sum FROM users", "the start checks every row"),
        ("revocations.sum FROM revocations", "the start checks every row"),
        ("WHERE place > 1);", "the end of a snapshot with a user of two pages"),
        ("revocations.event FROM revocations ORDER BY revocations.seq", "the start loads them all"),
    ],
};

/// Checks the statements that ran in the replica. The file itself may be damaged by the test.
impl Drop for Place {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let mut tables = SqliteConnection::establish(":memory:").expect("a database");
        tables.batch_execute(include_str!("../schema.sql")).expect("created");
        staging::begin(&mut tables).expect("created");
        staging::finish(&mut tables).expect("created");
        staging::begin(&mut tables).expect("created");
        let folder = self.folder.path().to_str().expect("UTF-8");
        EXCEPTIONS.check(folder, |statement| explain_at_sqlite(&mut tables, statement));
    }
}
