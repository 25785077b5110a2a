//! Reads and prunes the change feed.

use diesel::dsl::{auto_type, max};
use diesel::prelude::*;
use diesel::result::Error;
use signet_contract::clock::{from_unix_micros, unix_micros};
use signet_contract::events::{Change, Event};
use time::OffsetDateTime;

use super::Store;
use super::connection::{AdvisoryLock, AnyConnection};
use super::failure::damaged;
use super::schema::{events, revocations};
use super::transaction::{read_position, revoked_subject};
use super::values::{position, position_column};
use crate::error::StoreResult;
use auth_domain::feed::Changes;

/// Rows deleted in one transaction: the writer is free again after a few milliseconds.
const PRUNED_AT_ONCE: i64 = 2_000;

pub(super) fn change(body: &str) -> QueryResult<Change> {
    serde_json::from_str(body).map_err(|_| damaged("an event"))
}

pub(super) fn body(change: &Change) -> QueryResult<String> {
    serde_json::to_string(change).map_err(|error| Error::SerializationError(Box::new(error)))
}

fn event((seq, at, body): (i64, i64, String)) -> QueryResult<Event> {
    Ok(Event { seq: position(seq)?, at: from_unix_micros(at), change: change(&body)? })
}

/// Returns the first `limit` revocations after a position, in order. It does not filter by time: in
/// table order, each part of a million takes as long as the first one.
pub(super) fn revocations_after(
    connection: &mut AnyConnection,
    after: u64,
    limit: u32,
) -> QueryResult<Vec<Event>> {
    revocations::table
        .filter(revocations::seq.gt(position_column(after)))
        .order(revocations::seq)
        .limit(i64::from(limit))
        .select((revocations::seq, revocations::at, revocations::body))
        .load::<(i64, i64, String)>(connection)?
        .into_iter()
        .map(event)
        .collect()
}

/// Returns the position of the latest revocation that is this change, the end of a client or a key,
/// for as long as it can matter to a guard.
pub(super) fn last_revocation(
    connection: &mut AnyConnection,
    change: &Change,
) -> QueryResult<Option<u64>> {
    same_revocations(revoked_subject(change), &body(change)?)
        .select(max(revocations::seq))
        .get_result::<Option<i64>>(connection)?
        .map(position)
        .transpose()
}

#[auto_type]
fn same_revocations<'a>(subject: Option<&'a str>, body: &'a str) -> _ {
    let of_subject = revocations::subject.eq(subject);
    let same = of_subject.and(revocations::body.eq(body));
    revocations::table.filter(same)
}

fn changes_after(connection: &mut AnyConnection, after: u64, limit: u32) -> QueryResult<Changes> {
    let last = read_position(connection)?;
    let oldest = events::table
        .select(events::seq)
        .order(events::seq)
        .first::<i64>(connection)
        .optional()?
        .map_or(Ok(last + 1), position)?;
    if after > last || after + 1 < oldest {
        return Ok(Changes::Gone);
    }
    let events = events::table
        .filter(events::seq.gt(position_column(after)))
        .order(events::seq)
        .limit(i64::from(limit))
        .select((events::seq, events::at, events::body))
        .load::<(i64, i64, String)>(connection)?
        .into_iter()
        .map(event)
        .collect::<QueryResult<_>>()?;
    Ok(Changes::After { events, oldest })
}

/// Deletes one batch of the events before the first one that is kept. It deletes from the beginning
/// of the feed, even if the clock was once set back.
fn prune_batch(connection: &mut AnyConnection, before: OffsetDateTime) -> QueryResult<usize> {
    let oldest = events::table
        .order(events::seq)
        .limit(PRUNED_AT_ONCE)
        .select((events::seq, events::at))
        .load::<(i64, i64)>(connection)?;
    let old = oldest.into_iter().take_while(|(_, at)| *at < unix_micros(before));
    let Some((last, _)) = old.last() else { return Ok(0) };
    diesel::delete(events::table.filter(events::seq.le(last))).execute(connection)
}

impl Store {
    /// Returns at most `limit` changes after position `after`.
    pub fn changes_after(&self, after: u64, limit: u32) -> StoreResult<Changes> {
        self.read(|connection| changes_after(connection, after, limit))
    }

    /// Returns the position of the last change.
    pub fn position(&self) -> StoreResult<u64> {
        self.read(read_position)
    }

    /// Removes the events made before `before`; returns their number. Revocations stay in the
    /// snapshot until [`Store::prune_revocations`].
    pub fn prune_feed(&self, before: OffsetDateTime) -> StoreResult<usize> {
        self.prune(|transaction| {
            transaction.lock(AdvisoryLock::Accounts)?;
            prune_batch(transaction.connection, before)
        })
    }

    /// Removes the revocations made before `before` from the snapshot; returns their number. Only
    /// revocations older than [`REVOCATIONS_KEPT`] may go: younger ones can still matter.
    pub fn prune_revocations(&self, before: OffsetDateTime) -> StoreResult<usize> {
        self.prune(|transaction| {
            let old = revocations::table
                .filter(revocations::at.lt(unix_micros(before)))
                .limit(PRUNED_AT_ONCE)
                .select(revocations::seq)
                .load::<i64>(transaction.connection)?;
            diesel::delete(revocations::table.filter(revocations::seq.eq_any(old)))
                .execute(transaction.connection)
        })
    }
}
