//! Whether the first start is over. It is no port: only `startup` asks.

use diesel::prelude::*;
use signet_contract::clock::unix_micros;
use time::OffsetDateTime;

use super::Database;
use super::connection::Turn;
use super::schema::first_start;
use auth_domain::error::StoreResult;

impl Database {
    /// Whether [`Database::note_first_start`] was called before.
    pub fn first_start_done(&self) -> StoreResult<bool> {
        self.read(|connection| Ok(first_start::table.count().get_result::<i64>(connection)? > 0))
    }

    /// Notes that the first start is over; nothing if that is known.
    pub fn note_first_start(&self, now: OffsetDateTime) -> StoreResult<()> {
        self.write(|transaction| {
            transaction.take_turn(Turn::FirstStart)?;
            let connection = &mut *transaction.connection;
            if first_start::table.count().get_result::<i64>(connection)? == 0 {
                diesel::insert_into(first_start::table)
                    .values((first_start::id.eq(1), first_start::done_at.eq(unix_micros(now))))
                    .execute(connection)?;
            }
            Ok(())
        })
    }
}
