//! The client table.

use diesel::prelude::*;
use shared::clock::{from_unix_micros, unix_micros};
use shared::contract::events::Change;

use super::Database;
use super::failure::{damaged, is_taken, store_error};
use super::feed::body;
use super::schema::{clients, revocations};
use super::values::{position, storable};
use crate::domain::audit::{Act, Action, Subject};
use crate::domain::clients::{Client, ClientStore};
use crate::domain::error::StoreResult;

type ClientRow = (String, String, Vec<u8>, i64);

fn client((client_id, scopes, secret_hash, created_at): ClientRow) -> QueryResult<Client> {
    Ok(Client {
        client_id,
        scopes: scopes.split_whitespace().map(str::to_owned).collect(),
        secret_hash: secret_hash.try_into().map_err(|_| damaged("a client's secret"))?,
        created_at: from_unix_micros(created_at),
    })
}

impl ClientStore for Database {
    fn add_client(&self, client: &Client, act: &Act) -> StoreResult<bool> {
        let added = self.try_write(|transaction| {
            diesel::insert_into(clients::table)
                .values((
                    clients::client_id.eq(&client.client_id),
                    clients::scopes.eq(client.scopes.join(" ")),
                    clients::secret_hash.eq(client.secret_hash.as_slice()),
                    clients::created_at.eq(unix_micros(client.created_at)),
                ))
                .execute(transaction.connection)?;
            let done = act.done(Action::ClientAdd, Subject::Client(client.client_id.clone()));
            transaction.note(&done.saying(client.scopes.join(" ")))
        })?;
        match added {
            Ok(()) => Ok(true),
            Err(error) if is_taken(&error) => Ok(false),
            Err(error) => Err(store_error(error)),
        }
    }

    fn find_client(&self, client_id: &str) -> StoreResult<Option<Client>> {
        if !storable(client_id) {
            return Ok(None);
        }
        self.read(|connection| {
            clients::table
                .find(client_id)
                .first::<ClientRow>(connection)
                .optional()?
                .map(client)
                .transpose()
        })
    }

    fn list_clients(&self) -> StoreResult<Vec<Client>> {
        self.read(|connection| {
            clients::table
                .order(clients::client_id)
                .load::<ClientRow>(connection)?
                .into_iter()
                .map(client)
                .collect()
        })
    }

    fn set_client_secret(
        &self,
        client_id: &str,
        secret_hash: &[u8; 32],
        act: &Act,
    ) -> StoreResult<bool> {
        self.write(|transaction| {
            let changed = diesel::update(clients::table.find(client_id))
                .set(clients::secret_hash.eq(secret_hash.as_slice()))
                .execute(transaction.connection)?;
            if changed == 1 {
                let whom = Subject::Client(client_id.to_owned());
                transaction.note(&act.done(Action::ClientRotateSecret, whom))?;
            }
            Ok(changed == 1)
        })
    }

    fn client_removed_at(&self, client_id: &str) -> StoreResult<Option<u64>> {
        self.read(|connection| {
            let removal = body(&Change::ClientRemoved { client_id: client_id.to_owned() })?;
            revocations::table
                .filter(revocations::body.eq(removal))
                .select(diesel::dsl::max(revocations::seq))
                .first::<Option<i64>>(connection)?
                .map(position)
                .transpose()
        })
    }

    fn remove_client(&self, client_id: &str, act: &Act) -> StoreResult<bool> {
        self.write(|transaction| {
            let removed =
                diesel::delete(clients::table.find(client_id)).execute(transaction.connection)?;
            if removed == 1 {
                let whom = Subject::Client(client_id.to_owned());
                transaction.note(&act.done(Action::ClientRemove, whom))?;
                let change = Change::ClientRemoved { client_id: client_id.to_owned() };
                transaction.append(&[change], act.at)?;
            }
            Ok(removed == 1)
        })
    }
}
