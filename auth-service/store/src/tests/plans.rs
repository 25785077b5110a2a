//! The plans of all statements that the store's tests run.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_migrations::MigrationHarness;
use serde_json::Value;
use support::plans::{Exceptions, explain_at_sqlite};

use super::super::Location;
use super::super::connection::AnyConnection;
use super::super::creation::SQLITE_MIGRATIONS;
use super::fixture::Fixture;
use super::on_every_database;

const EXCEPTIONS: Exceptions = Exceptions {
    small: &[
        ("__diesel_schema_migrations", "a row for each migration"),
        ("clients", "a row for each service"),
        ("feed_position", "one row"),
        ("first_start", "one row"),
        ("guards", "a row for each process of a guard"),
        ("keys", "a row for each rotation"),
        ("served", "one row"),
        ("sqlite_master", "a row for each table and index"),
        ("users_admins", "an entry for each admin"),
    ],
    statements: &[
        ("pragma_foreign_key_list(tables.name) AS keys", "a query of these tests"),
        ("attnum = conkey[1]", "a query of these tests"),
        ("(audit.subject = audit.public_id)", "a query of these tests"),
        (" WHERE (1=0)", "an empty list of ids: no row is read"),
        ("SELECT EXISTS (SELECT sessions.sid FROM sessions)", "one row is read"),
        (
            "ORDER BY sessions.last_used_at DESC, sessions.created_at DESC LIMIT ? OFFSET ?",
            "a user has at most 100 open sessions",
        ),
        (
            "(sessions.public_id = ?)) ORDER BY sessions.created_at DESC, sessions.sid LIMIT ?",
            "a user has at most 100 open sessions",
        ),
        (
            "(audit.at < ?)) ORDER BY audit.id DESC LIMIT ?",
            "an operator asks for these days: their rows are sorted",
        ),
        ("DELETE FROM events", "after a restore"),
        ("UPDATE sessions SET ended_at = ? WHERE (sessions.ended_at IS NULL)", "after a restore"),
        ("except:null}' FROM users", "after a restore"),
    ],
};

on_every_database!(foreign_keys_have_indexes);

#[derive(QueryableByName)]
struct ForeignKey {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
}

/// Runs the deletions that a database runs by itself for a foreign key. The check explains them.
fn foreign_keys_have_indexes(fixture: &Fixture) {
    let list = match &fixture.location {
        Location::Sqlite(_) => {
            "SELECT tables.name AS table_name, keys.\"from\" AS column_name \
             FROM sqlite_master AS tables, pragma_foreign_key_list(tables.name) AS keys"
        }
        Location::Postgres(_) => {
            "SELECT conrelid::regclass::text AS table_name, attname::text AS column_name \
             FROM pg_constraint, pg_attribute \
             WHERE contype = 'f' AND attrelid = conrelid AND attnum = conkey[1]"
        }
    };
    let deleted = fixture.store.write(|transaction| {
        let connection = &mut *transaction.connection;
        let keys = match connection {
            AnyConnection::Sqlite(file) => diesel::sql_query(list).load::<ForeignKey>(file),
            AnyConnection::Postgres(server) => diesel::sql_query(list).load::<ForeignKey>(server),
        }?;
        for ForeignKey { table_name, column_name } in &keys {
            diesel::sql_query(format!("DELETE FROM {table_name} WHERE {column_name} = 'none'"))
                .execute(connection)?;
        }
        Ok(keys.len())
    });
    assert_eq!(deleted.expect("deleted"), 4);
}

/// Appends the Rust code in a folder to `code`: that of the tests, or that without them.
fn read_code(folder: &Path, of_tests: bool, code: &mut String) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let is_for_tests = path.components().any(|part| part.as_os_str() == "tests");
        if path.is_dir() {
            read_code(&path, of_tests, code);
        } else if is_for_tests == of_tests && path.extension().is_some_and(|end| end == "rs") {
            code.push_str(&std::fs::read_to_string(&path).expect("read"));
        }
    }
}

#[test]
fn every_method_of_the_store_is_called_by_a_test() {
    let (mut code, mut tests) = (String::new(), String::new());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    read_code(&folder, false, &mut code);
    read_code(&folder, true, &mut tests);
    let methods = code.split("\n    pub fn ").skip(1).filter_map(|rest| rest.split_once('('));
    let of_values = methods.filter(|(_, rest)| rest.trim_start().starts_with("&self"));
    let untested: Vec<_> = of_values
        .map(|(name, _)| name.split('<').next().unwrap_or(name))
        // These run no statement, or only one that other methods run.
        .filter(|name| !["intercept", "interval", "note_service"].contains(name))
        .filter(|name| !tests.contains(&format!(".{name}(")))
        .collect();
    assert!(untested.is_empty(), "the plans of these methods are not checked: {untested:?}");
}

#[derive(QueryableByName)]
struct Plan {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    json: String,
}

/// Checks, on drop, the statements that ran in a database.
pub(super) struct PlanCheck {
    location: Location,
}

impl PlanCheck {
    /// Collects the statements from now on. No connection to the database is open yet.
    pub(super) fn of(location: &Location) -> Self {
        support::plans::collect();
        Self { location: location.clone() }
    }
}

impl Drop for PlanCheck {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        match &self.location {
            Location::Sqlite(file) => {
                let file = file.to_str().expect("UTF-8");
                // The pool may still be opening or closing connections to the file.
                let mut tables = SqliteConnection::establish(":memory:").expect("a database");
                tables.run_pending_migrations(SQLITE_MIGRATIONS).expect("migrated");
                // Statements of the tests themselves use the plain path.
                let name = format!("{file}?mode=rw");
                EXCEPTIONS.check(&name, |statement| explain_at_sqlite(&mut tables, statement));
            }
            Location::Postgres(server) => {
                let url = server.connection_string(None);
                let mut connection = PgConnection::establish(&url).expect("connected");
                // The rows go when the connection closes.
                connection.begin_test_transaction().expect("begun");
                connection.batch_execute(include_str!("plans.sql")).expect("filled");
                EXCEPTIONS.check(&url, |statement| explain_at_postgres(&mut connection, statement));
            }
        }
    }
}

/// Returns the steps of a plan for any values, in the words of `SQLite`.
fn explain_at_postgres(connection: &mut PgConnection, statement: &str) -> Vec<String> {
    let values = (1..100).take_while(|number| statement.contains(&format!("${number}"))).count();
    let values = vec!["NULL"; values].join(", ");
    let values = if values.is_empty() { values } else { format!("({values})") };
    let failed = |error| panic!("{statement}: {error}");
    connection.batch_execute(&format!("PREPARE plan AS {statement}")).unwrap_or_else(failed);
    let plan = diesel::sql_query(format!("EXPLAIN (FORMAT JSON) EXECUTE plan{values}"))
        .get_result::<Plan>(connection)
        .expect(statement);
    connection.batch_execute("DEALLOCATE plan").expect("forgotten");
    let plans: Value = serde_json::from_str(&plan.json).expect("JSON");
    let mut steps = Vec::new();
    list_steps(&plans[0]["Plan"], "", &mut steps);
    steps
}

fn list_steps(plan: &Value, outer: &str, steps: &mut Vec<String>) {
    let text = |name: &str| plan[name].as_str().unwrap_or_default();
    let table = plan["Relation Name"].as_str().unwrap_or(outer);
    steps.push(match text("Node Type") {
        "Seq Scan" => format!("SCAN {table}"),
        "Index Scan" | "Index Only Scan" | "Bitmap Index Scan" => {
            let verb = if plan["Index Cond"].is_null() { "SCAN" } else { "SEARCH" };
            let (index, condition) = (text("Index Name"), text("Index Cond"));
            format!("{verb} {table} USING INDEX {index} {condition}")
        }
        "Sort" => format!("USE TEMP B-TREE FOR ORDER BY {}", plan["Sort Key"]),
        other => other.to_owned(),
    });
    for inner in plan["Plans"].as_array().into_iter().flatten() {
        list_steps(inner, table, steps);
    }
}
