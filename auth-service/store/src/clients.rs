//! The client table.

use std::time::Duration;

use diesel::prelude::*;
use signet_contract::clock::{from_unix_micros, unix_micros};
use signet_contract::events::Change;
use time::OffsetDateTime;

use super::Store;
use super::connection::AnyConnection;
use super::failure::{damaged, is_taken, store_error};
use super::feed::last_revocation;
use super::schema::clients;
use super::values::storable;
use crate::error::StoreResult;
use auth_domain::audit::{Act, Action, Subject};
use auth_domain::clients::{Client, PreviousSecret};

type ClientRow = (String, String, Vec<u8>, i64, i64, Option<Vec<u8>>, Option<i64>, String);

fn client(row: ClientRow) -> QueryResult<Client> {
    let (client_id, scopes, secret_hash, created_at, secret_at, previous, until, audiences) = row;
    let names = |list: &str| list.split_whitespace().map(str::to_owned).collect();
    let previous = match previous.zip(until) {
        Some((previous, until)) => {
            Some(PreviousSecret { hash: hash(previous)?, until: from_unix_micros(until) })
        }
        None => None,
    };
    Ok(Client {
        client_id,
        scopes: names(&scopes),
        audiences: names(&audiences),
        secret_hash: hash(secret_hash)?,
        created_at: from_unix_micros(created_at),
        secret_at: from_unix_micros(secret_at),
        previous,
    })
}

fn hash(bytes: Vec<u8>) -> QueryResult<[u8; 32]> {
    bytes.try_into().map_err(|_| damaged("a client's secret"))
}

fn find(connection: &mut AnyConnection, client_id: &str) -> QueryResult<Option<Client>> {
    let found = clients::table.find(client_id).get_result::<ClientRow>(connection);
    found.optional()?.map(client).transpose()
}

/// Replaces the secret. The update reads the old column values, so the second of two concurrent
/// rotations keeps the secret of the first as the previous one.
fn rotate(
    connection: &mut AnyConnection,
    client_id: &str,
    secret_hash: &[u8; 32],
    overlap: Duration,
    now: OffsetDateTime,
) -> QueryResult<usize> {
    let row = clients::table.find(client_id);
    let new =
        (clients::secret_hash.eq(secret_hash.as_slice()), clients::secret_at.eq(unix_micros(now)));
    if overlap.is_zero() {
        let none =
            (clients::previous_hash.eq(None::<Vec<u8>>), clients::previous_until.eq(None::<i64>));
        return diesel::update(row).set((none, new)).execute(connection);
    }
    let previous = (
        clients::previous_hash.eq(clients::secret_hash.nullable()),
        clients::previous_until.eq(Some(unix_micros(now + overlap))),
    );
    diesel::update(row).set((previous, new)).execute(connection)
}

impl Store {
    /// Registers a client; returns `false` if the id is taken.
    pub fn add_client(&self, client: &Client, act: &Act) -> StoreResult<bool> {
        let added = self.try_write(|transaction| {
            diesel::insert_into(clients::table)
                .values((
                    clients::client_id.eq(&client.client_id),
                    clients::scopes.eq(client.scopes.join(" ")),
                    clients::audiences.eq(client.audiences.join(" ")),
                    clients::secret_hash.eq(client.secret_hash.as_slice()),
                    clients::created_at.eq(unix_micros(client.created_at)),
                    clients::secret_at.eq(unix_micros(client.secret_at)),
                ))
                .execute(transaction.connection)?;
            let done = act.done(Action::ClientAdd, Subject::Client(client.client_id.clone()));
            let audiences = client.audiences.iter().map(|name| format!("audience:{name}"));
            let rights: Vec<_> = client.scopes.iter().cloned().chain(audiences).collect();
            transaction.note(&done.saying(rights.join(" ")))
        })?;
        match added {
            Ok(()) => Ok(true),
            Err(error) if is_taken(&error) => Ok(false),
            Err(error) => Err(store_error(error)),
        }
    }

    /// Returns the client with this id.
    pub fn find_client(&self, client_id: &str) -> StoreResult<Option<Client>> {
        if !storable(client_id) {
            return Ok(None);
        }
        self.read(|connection| find(connection, client_id))
    }

    /// Returns every client, in the order of ids.
    pub fn list_clients(&self) -> StoreResult<Vec<Client>> {
        self.read(|connection| {
            clients::table
                .order(clients::client_id)
                .load::<ClientRow>(connection)?
                .into_iter()
                .map(client)
                .collect()
        })
    }

    /// Gives a client a new secret; returns `None` if there is no such client. The previous secret
    /// stays good for `overlap`; the one before it ends.
    pub fn rotate_client_secret(
        &self,
        client_id: &str,
        secret_hash: &[u8; 32],
        overlap: Duration,
        act: &Act,
    ) -> StoreResult<Option<Client>> {
        if !storable(client_id) {
            return Ok(None);
        }
        self.write(|transaction| {
            if rotate(transaction.connection, client_id, secret_hash, overlap, act.at)? == 0 {
                return Ok(None);
            }
            let client = Subject::Client(client_id.to_owned());
            let done = act.done(Action::ClientRotateSecret, client);
            transaction.note(&done.saying(format!("overlap {}s", overlap.as_secs())))?;
            find(transaction.connection, client_id)
        })
    }

    /// Returns the feed position at which a client with this id was last removed, if a token of it
    /// can still live. A token with a lower `pos` is refused, even if the id was given out again.
    pub fn client_removed_at(&self, client_id: &str) -> StoreResult<Option<u64>> {
        self.read(|connection| {
            last_revocation(connection, &Change::ClientRemoved { client_id: client_id.to_owned() })
        })
    }

    /// Removes a client (`client.removed`); returns `false` if there is no such client.
    pub fn remove_client(&self, client_id: &str, act: &Act) -> StoreResult<bool> {
        if !storable(client_id) {
            return Ok(false);
        }
        self.write(|transaction| {
            let removed =
                diesel::delete(clients::table.find(client_id)).execute(transaction.connection)?;
            if removed == 1 {
                let client = Subject::Client(client_id.to_owned());
                transaction.note(&act.done(Action::ClientRemove, client))?;
                let change = Change::ClientRemoved { client_id: client_id.to_owned() };
                transaction.append(&[change], act.at)?;
            }
            Ok(removed == 1)
        })
    }
}
