//! The plans of the statements that a test's code under test runs: no statement may read a whole
//! table, or sort one, and a lookup has no LIMIT.
//!
//! diesel reports each statement to an observer. So the check covers all statements of all tests of a
//! database, and a new statement needs no entry in a list.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Mutex;

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use diesel::prelude::*;
use diesel::sql_types::Text;

/// The statements that ran, by the URL of their database.
static COLLECTED: Mutex<BTreeMap<String, BTreeSet<String>>> = Mutex::new(BTreeMap::new());

/// The first words of the statements that have a plan.
const PLANNED: [&str; 5] = ["SELECT ", "INSERT ", "REPLACE ", "UPDATE ", "DELETE "];

/// Collects the statements of one connection.
#[derive(Default)]
struct Collector {
    url: String,
}

impl Instrumentation for Collector {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartEstablishConnection { url, .. } => {
                url.clone_into(&mut self.url);
            }
            InstrumentationEvent::StartQuery { query, .. } => {
                let text = query.to_string();
                let statement = text.rsplit_once(" -- binds: ").map_or(&*text, |(text, _)| text);
                // New rows alone read no other rows.
                let inserts_values = statement.starts_with("INSERT ")
                    && statement.contains(" VALUES ")
                    && !statement.contains("SELECT ");
                if PLANNED.iter().any(|word| statement.starts_with(word)) && !inserts_values {
                    let mut collected = COLLECTED.lock().expect("a lock");
                    let of_database = collected.entry(self.url.clone()).or_default();
                    of_database.insert(statement.to_owned());
                }
            }
            _ => {}
        }
    }
}

/// Collects the statements of all connections that this process opens from now on.
pub fn collect() {
    set_default_instrumentation(|| Some(Box::new(Collector::default()))).expect("set");
}

/// The names and statements that may read or sort a whole table, each with its reason.
#[derive(Debug, Clone, Copy)]
pub struct Exceptions {
    /// Tables and indexes that hold few rows.
    pub small: &'static [(&'static str, &'static str)],
    /// Ends of statements, without quotes, and with `?` for each value.
    pub statements: &'static [(&'static str, &'static str)],
}

impl Exceptions {
    /// Checks the statements that ran on a database until now. `name` is a part of its URL that no
    /// other database has. `explain` returns the steps of a plan, in the words of `SQLite`.
    pub fn check(&self, name: &str, mut explain: impl FnMut(&str) -> Vec<String>) {
        let mut collected = COLLECTED.lock().expect("a lock");
        let of_database = collected.extract_if(.., |url, _| url.contains(name));
        let statements: BTreeSet<_> = of_database.flat_map(|(_, statements)| statements).collect();
        drop(collected);
        assert!(!statements.is_empty(), "no statement on {name} was collected");
        let mut faults = String::new();
        for statement in statements.iter().filter(|statement| !self.permits(statement)) {
            assert!(!is_limited_lookup(statement), "{statement}: use `get_result`, not `first`");
            let steps = explain(statement);
            if !self.are_bounded(&steps, statement) {
                let _ = write!(faults, "\n{statement}\n    {}\n", steps.join("\n    "));
            }
        }
        assert!(faults.is_empty(), "these statements read or sort a whole table:\n{faults}");
    }

    fn permits(&self, statement: &str) -> bool {
        let plain = plain(statement);
        self.statements.iter().any(|(end, _)| plain.ends_with(end))
    }

    /// Returns true if the time for these steps does not grow with the number of rows.
    fn are_bounded(&self, steps: &[String], statement: &str) -> bool {
        let is_small = |step: &&String| {
            step.split(' ').any(|word| self.small.iter().any(|(name, _)| *name == word))
        };
        let mut reads = steps.iter().filter(|step| {
            step.starts_with("SEARCH ") || step.starts_with("SCAN ") && *step != "SCAN CONSTANT ROW"
        });
        let mut large = reads.by_ref().filter(|step| !is_small(step)).peekable();
        if large.peek().is_none() {
            return true;
        }
        // The first rows in the order of an index, without a condition that could skip rows.
        let takes_first = statement.contains(" LIMIT ") && !statement.contains(" WHERE ");
        let scans = large.any(|step| step.starts_with("SCAN ")) && !takes_first;
        // Rows that are equal in all but the last terms of an order are few.
        let sorts = |step: &String| step.contains("TEMP B-TREE FOR ") && !step.contains("TERM");
        let indexes = |step: &String| step.contains("AUTOMATIC");
        !scans && !steps.iter().any(|step| sorts(step) || indexes(step))
    }
}

/// Returns true for a lookup of one row with a LIMIT, as `first` makes it. The plan of `SQLite` depends
/// on the value of a LIMIT, so it prepares the statement anew at each run.
fn is_limited_lookup(statement: &str) -> bool {
    let reads_a_part = statement.contains(" ORDER BY ") || statement.contains(" < ");
    statement.starts_with("SELECT ") && statement.contains(" LIMIT ") && !reads_a_part
}

/// Returns a statement without quotes, and with the same sign for each value.
fn plain(statement: &str) -> String {
    let mut plain = String::with_capacity(statement.len());
    let mut chars = statement.chars().filter(|c| !matches!(c, '`' | '"')).peekable();
    while let Some(c) = chars.next() {
        if c == '$' {
            while chars.next_if(char::is_ascii_digit).is_some() {}
        }
        plain.push(if c == '$' { '?' } else { c });
    }
    plain
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// Returns the steps of a statement's plan.
pub fn explain_at_sqlite(connection: &mut SqliteConnection, statement: &str) -> Vec<String> {
    diesel::sql_query(format!("EXPLAIN QUERY PLAN {statement}"))
        .load::<Step>(connection)
        .unwrap_or_else(|error| panic!("{statement}: {error}"))
        .into_iter()
        .map(|step| step.detail)
        .collect()
}
