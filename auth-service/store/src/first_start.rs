//! The record of the first start.

use diesel::prelude::*;
use signet_contract::clock::unix_micros;
use time::OffsetDateTime;

use super::Store;
use super::connection::AdvisoryLock;
use super::schema::first_start;
use crate::error::StoreResult;

impl Store {
    /// Returns true if [`Store::note_first_start`] was called before.
    pub fn first_start_done(&self) -> StoreResult<bool> {
        self.read(|connection| Ok(first_start::table.count().get_result::<i64>(connection)? > 0))
    }

    /// Records that the first start is done. Does nothing if that is recorded already.
    pub fn note_first_start(&self, now: OffsetDateTime) -> StoreResult<()> {
        self.write(|transaction| {
            transaction.lock(AdvisoryLock::FirstStart)?;
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
