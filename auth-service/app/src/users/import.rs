//! The import of accounts with their password hashes.
//!
//! A line is imported whole or not at all. A refused line is reported by number and reason, never
//! by content. The other lines are imported, and the same file may be imported again.

use std::collections::HashSet;

use uuid::Uuid;

use crate::error::AppError;
use auth_crypto::hashing;
use auth_domain::audit::Act;
use auth_domain::import::{ImportRecord, Imported};
use auth_domain::users::NewUser;
use auth_store::Store;

/// A line of an import file.
pub struct Line {
    /// The line number, or the row's id in a database.
    pub number: i64,
    /// The record, or the reason it can't be read, without any content of the line.
    pub record: Result<ImportRecord, String>,
}

impl Line {
    /// Checks everything about the line that needs no database.
    pub fn check(self) -> CheckedLine {
        CheckedLine { number: self.number, user: self.record.and_then(check) }
    }
}

/// A line with everything checked that needs no database.
pub struct CheckedLine {
    number: i64,
    /// The user, or the reason for which the line is refused.
    user: Result<NewUser, String>,
}

/// The result of a batch of lines.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct ImportReport {
    /// The number of users created.
    pub created: u64,
    /// The number of users that existed before and are unchanged.
    pub there: u64,
    /// The refused lines in the order of their numbers: the number, and the reason.
    pub refused: Vec<(i64, String)>,
}

/// The import of one file, batch by batch.
#[derive(Debug, Default)]
pub struct Import {
    /// The ids of the file so far. A user of an earlier import is skipped, but a second one in the
    /// same file is a mistake.
    seen: HashSet<Uuid>,
}

impl Import {
    /// Returns the number of lines to import in the next transaction.
    pub fn batch_size(&self, store: &Store) -> usize {
        store.import_batch()
    }

    /// Imports the next lines of the file in one transaction.
    pub fn import_users(
        &mut self,
        store: &Store,
        lines: Vec<CheckedLine>,
        act: &Act,
    ) -> Result<ImportReport, AppError> {
        let (mut users, mut numbers) = (Vec::new(), Vec::new());
        let mut report = ImportReport::default();
        for CheckedLine { number, user } in lines {
            match user {
                Ok(user) => {
                    if self.seen.insert(user.public_id) {
                        users.push(user);
                        numbers.push(number);
                    } else {
                        let why = "an earlier line has the public_id".into();
                        report.refused.push((number, why));
                    }
                }
                Err(why) => report.refused.push((number, why)),
            }
        }
        for (number, imported) in numbers.into_iter().zip(store.import_users(&users, act)?) {
            match imported {
                Imported::Created => report.created += 1,
                Imported::There => report.there += 1,
                Imported::AddressTaken => {
                    report.refused.push((number, "another user has the email".into()));
                }
            }
        }
        report.refused.sort_by_key(|(number, _)| *number);
        Ok(report)
    }
}

/// Checks everything about a record that needs no database.
fn check(record: ImportRecord) -> Result<NewUser, String> {
    let hash = hashing::check(&record.password_hash);
    let mut faults = match record.check() {
        Ok(user) if hash.is_ok() => return Ok(user),
        Ok(_) => Vec::new(),
        Err(faults) => faults,
    };
    if let Err(why) = hash {
        faults.push(format!("the password's hash {why}"));
    }
    Err(faults.join("; "))
}
