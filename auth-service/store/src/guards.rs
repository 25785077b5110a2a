//! The guards, as the server stores them.

use std::collections::BTreeSet;

use diesel::prelude::*;
use signet_contract::clock::{from_unix_micros, unix_micros};
use time::OffsetDateTime;

use super::Store;
use super::connection::AnyConnection;
use super::schema::guards;
use super::values::{position, position_column, uuid};
use crate::error::StoreResult;
use auth_domain::guards::{Guard, GuardId, recently_seen};

type GuardRow = (String, String, String, i64, i64, i64, i64);

fn guard(
    (client_id, instance, kids, at, confirmed_at, first_seen, seen_at): GuardRow,
    now: OffsetDateTime,
) -> QueryResult<Guard> {
    let seen_at = from_unix_micros(seen_at);
    Ok(Guard {
        id: GuardId { client_id, instance: uuid(&instance)? },
        kids: kids.split(',').filter(|kid| !kid.is_empty()).map(str::to_owned).collect(),
        position: position(at)?,
        confirmed_at: from_unix_micros(confirmed_at),
        first_seen: from_unix_micros(first_seen),
        seen_at,
        live: recently_seen(seen_at, now),
    })
}

fn joined(kids: &BTreeSet<String>) -> String {
    kids.iter().map(String::as_str).collect::<Vec<_>>().join(",")
}

/// Updates or inserts a guard. No other process writes guards, so no insertion can conflict.
fn save(connection: &mut AnyConnection, guard: &Guard) -> QueryResult<()> {
    let instance = guard.id.instance.to_string();
    let known = guards::table.find((&guard.id.client_id, &instance));
    let changing = (
        guards::kids.eq(joined(&guard.kids)),
        guards::position.eq(position_column(guard.position)),
        guards::confirmed_at.eq(unix_micros(guard.confirmed_at)),
        guards::first_seen.eq(unix_micros(guard.first_seen)),
        guards::seen_at.eq(unix_micros(guard.seen_at)),
    );
    if diesel::update(known).set(changing).execute(connection)? == 0 {
        diesel::insert_into(guards::table)
            .values((
                guards::client_id.eq(&guard.id.client_id),
                guards::instance.eq(&instance),
                guards::kids.eq(joined(&guard.kids)),
                guards::position.eq(position_column(guard.position)),
                guards::confirmed_at.eq(unix_micros(guard.confirmed_at)),
                guards::first_seen.eq(unix_micros(guard.first_seen)),
                guards::seen_at.eq(unix_micros(guard.seen_at)),
            ))
            .execute(connection)?;
    }
    Ok(())
}

impl Store {
    /// Returns every remembered guard, by client and instance, as it was last written. A guard with
    /// an open call is written often enough to be [`Guard::live`] here, too.
    pub fn list_guards(&self, now: OffsetDateTime) -> StoreResult<Vec<Guard>> {
        self.read(|connection| {
            guards::table
                .order((guards::client_id, guards::instance))
                .load::<GuardRow>(connection)?
                .into_iter()
                .map(|row| guard(row, now))
                .collect()
        })
    }

    /// Writes these guards, known or new.
    pub fn save_guards(&self, guards: &[Guard]) -> StoreResult<()> {
        self.write(|transaction| {
            guards.iter().try_for_each(|guard| save(transaction.connection, guard))
        })
    }

    /// Removes these guards.
    pub fn forget_guards(&self, forgotten: &[GuardId]) -> StoreResult<()> {
        self.write(|transaction| {
            for id in forgotten {
                diesel::delete(guards::table.find((&id.client_id, id.instance.to_string())))
                    .execute(transaction.connection)?;
            }
            Ok(())
        })
    }
}
