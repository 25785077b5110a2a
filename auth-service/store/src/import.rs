//! Imports users of another system, many in one transaction.

use std::collections::HashSet;

use diesel::prelude::*;

use super::schema::users;
use super::transaction::Transaction;
use super::{Store, failure, users as user_table};
use crate::error::{StoreError, StoreResult};
use auth_domain::audit::{Act, Action, Subject};
use auth_domain::import::Imported;
use auth_domain::users::NewUser;

/// The number of tries for a batch. A try fails if a sign-up takes one of its addresses meanwhile.
const TRIES: u32 = 5;

impl Store {
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
        Err(StoreError::Unavailable("the addresses of a batch kept being taken".into()))
    }
}

fn import(
    transaction: &mut Transaction<'_>,
    batch: &[NewUser],
    act: &Act,
) -> QueryResult<Vec<Imported>> {
    let mut ids = ids_there(transaction, batch)?;
    let mut keys = keys_there(transaction, batch)?;
    let mut created = Vec::new();
    let mut imported = Vec::with_capacity(batch.len());
    for new in batch {
        imported.push(if !ids.insert(new.public_id.to_string()) {
            Imported::There
        } else if !keys.insert(new.email_key.clone()) {
            Imported::AddressTaken
        } else {
            created.push(user_table::insert(transaction.connection, new, act.at)?);
            transaction.note(&act.done(Action::UserImport, Subject::User(new.public_id)))?;
            Imported::Created
        });
    }
    if !created.is_empty() {
        user_table::announce(transaction, &mut created, act.at)?;
    }
    Ok(imported)
}

fn ids_there(transaction: &mut Transaction<'_>, batch: &[NewUser]) -> QueryResult<HashSet<String>> {
    let wanted: Vec<String> = batch.iter().map(|new| new.public_id.to_string()).collect();
    let there = users::table.filter(users::public_id.eq_any(wanted)).select(users::public_id);
    Ok(there.load::<String>(transaction.connection)?.into_iter().collect())
}

fn keys_there(
    transaction: &mut Transaction<'_>,
    batch: &[NewUser],
) -> QueryResult<HashSet<String>> {
    let wanted: Vec<&str> = batch.iter().map(|new| &*new.email_key).collect();
    let there = users::table.filter(users::email_key.eq_any(wanted)).select(users::email_key);
    Ok(there.load::<String>(transaction.connection)?.into_iter().collect())
}
