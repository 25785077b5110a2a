//! Sessions, and the addresses that log-ins came from.

use std::net::IpAddr;

use diesel::dsl::exists;
use diesel::prelude::*;
use shared::clock::unix_micros;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Database;
use super::connection::{AnyConnection, Turn};
use super::schema::{known_addresses, sessions};
use crate::domain::error::StoreResult;
use crate::domain::sessions::SessionStore;

/// Ends every session of a user.
pub(super) fn end_all(
    connection: &mut AnyConnection,
    public_id: Uuid,
    now: OffsetDateTime,
) -> QueryResult<()> {
    let open = sessions::table
        .filter(sessions::public_id.eq(public_id.to_string()))
        .filter(sessions::ended_at.is_null());
    diesel::update(open).set(sessions::ended_at.eq(unix_micros(now))).execute(connection)?;
    Ok(())
}

/// Notes that the user logged in from this address. The user's row is locked, so nobody adds the
/// same one in between.
pub(super) fn remember_address(
    connection: &mut AnyConnection,
    public_id: Uuid,
    address: IpAddr,
    now: OffsetDateTime,
) -> QueryResult<()> {
    let (public_id, address) = (public_id.to_string(), address.to_string());
    let last_at = known_addresses::last_at.eq(unix_micros(now));
    let known = known_addresses::table.find((&public_id, &address));
    if diesel::update(known).set(last_at).execute(connection)? == 0 {
        diesel::insert_into(known_addresses::table)
            .values((
                known_addresses::public_id.eq(&public_id),
                known_addresses::address.eq(&address),
                last_at,
            ))
            .execute(connection)?;
    }
    Ok(())
}

impl SessionStore for Database {
    fn has_logged_in_from(&self, public_id: Uuid, address: IpAddr) -> StoreResult<bool> {
        self.read(|connection| {
            let known = known_addresses::table.find((public_id.to_string(), address.to_string()));
            diesel::select(exists(known)).get_result(connection)
        })
    }

    fn prune_sessions(&self, before: OffsetDateTime) -> StoreResult<usize> {
        let before = unix_micros(before);
        self.write(|transaction| {
            transaction.take_turn(Turn::Accounts)?;
            let connection = &mut *transaction.connection;
            diesel::delete(known_addresses::table.filter(known_addresses::last_at.lt(before)))
                .execute(connection)?;
            diesel::delete(sessions::table.filter(sessions::created_at.lt(before)))
                .execute(connection)
        })
    }
}
