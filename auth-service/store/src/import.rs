//! Imports users of another system, many in one transaction.

use std::collections::HashSet;

use diesel::prelude::*;

use super::bulk::ROWS_AT_ONCE;
use super::instance_lock::InstanceLock;
use super::schema::users;
use super::transaction::Transaction;
use super::{Store, failure, users as user_table};
use crate::error::{StoreError, StoreResult};
use auth_domain::audit::{Act, Action, Subject};
use auth_domain::import::Imported;
use auth_domain::users::NewUser;

/// The number of tries for a batch. A try fails if a sign-up takes one of its addresses meanwhile.
const TRIES: u32 = 5;

/// The number of users in one transaction. A server waits for the database meanwhile.
const BATCH: usize = 1_000;

/// The number of users in one transaction while no server waits. Ids are random, so each transaction
/// changes and writes most pages of three indexes: the fewer transactions, the less is written.
const BATCH_ALONE: usize = 50_000;

impl Store {
    /// Returns the number of users to import in the next transaction: fewer if a server uses the
    /// database.
    pub fn import_batch(&self) -> usize {
        if InstanceLock::may_be_held(&self.location) { BATCH } else { BATCH_ALONE }
    }

    /// Creates users in this order, each with its event (`user.created`), in one transaction.
    /// Returns the result for each one. A user that can't be created does not stop the others.
    pub fn import_users(&self, batch: &[NewUser], act: &Act) -> StoreResult<Vec<Imported>> {
        for _ in 0..TRIES {
            match self.try_write(|transaction| import(transaction, batch, act))? {
                Ok(imported) => return Ok(imported),
                // A sign-up came between the check and the insertion. The next try sees it.
                Err(error) if failure::is_taken(&error) => {}
                Err(error) => return Err(failure::store_error(error)),
            }
        }
        Err(StoreError::Unavailable("sign-ups took addresses of the batch at each try".into()))
    }
}

fn import(
    transaction: &mut Transaction<'_>,
    batch: &[NewUser],
    act: &Act,
) -> QueryResult<Vec<Imported>> {
    transaction.connection.expect_large_writes(batch.len() > BATCH)?;
    let mut ids = known_ids(transaction, batch)?;
    let mut keys = known_keys(transaction, batch)?;
    let (mut created, mut notes) = (Vec::new(), Vec::new());
    let mut imported = Vec::with_capacity(batch.len());
    for new in batch {
        imported.push(if !ids.insert(new.public_id.to_string()) {
            Imported::There
        } else if !keys.insert(new.email_key.clone()) {
            Imported::AddressTaken
        } else {
            created.push(new);
            notes.push(act.done(Action::UserImport, Subject::User(new.public_id)));
            Imported::Created
        });
    }
    if !created.is_empty() {
        user_table::insert(transaction, &created, &notes, act.at)?;
    }
    Ok(imported)
}

fn known_ids(transaction: &mut Transaction<'_>, batch: &[NewUser]) -> QueryResult<HashSet<String>> {
    let mut found = HashSet::new();
    for batch in batch.chunks(ROWS_AT_ONCE) {
        let wanted: Vec<String> = batch.iter().map(|new| new.public_id.to_string()).collect();
        let known = users::table.filter(users::public_id.eq_any(wanted)).select(users::public_id);
        found.extend(known.load::<String>(transaction.connection)?);
    }
    Ok(found)
}

fn known_keys(
    transaction: &mut Transaction<'_>,
    batch: &[NewUser],
) -> QueryResult<HashSet<String>> {
    let mut found = HashSet::new();
    for batch in batch.chunks(ROWS_AT_ONCE) {
        let wanted: Vec<&str> = batch.iter().map(|new| &*new.email_key).collect();
        let known = users::table.filter(users::email_key.eq_any(wanted)).select(users::email_key);
        found.extend(known.load::<String>(transaction.connection)?);
    }
    Ok(found)
}
