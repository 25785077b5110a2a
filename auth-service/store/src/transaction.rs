//! Write transactions, and the rule of the feed: positions without gaps, in commit order.
//!
//! A transaction takes a position by raising the one row of `feed_position`. That row stays locked
//! until the commit, so the transaction that takes the next position commits later. A reader never
//! sees a later event before an earlier one. This step comes last, to hold the lock only briefly.

use diesel::prelude::*;
use signet_contract::clock::unix_micros;
use signet_contract::events::Change;
use time::OffsetDateTime;

use super::bulk::insert_all;
use super::connection::{AdvisoryLock, AnyConnection};
use super::failure::damaged;
use super::schema::{events, feed_position, revocations};
use super::values::position;
use auth_domain::feed::revokes;

/// A write transaction in progress.
pub(super) struct Transaction<'c> {
    /// The connection for queries.
    pub(super) connection: &'c mut AnyConnection,
    position: Option<u64>,
}

impl<'c> Transaction<'c> {
    /// Runs `work` in the open transaction of `connection`. Returns its result and the position of the
    /// last event that it appended, if there is one.
    pub(super) fn run<T>(
        connection: &'c mut AnyConnection,
        work: impl FnOnce(&mut Transaction<'_>) -> QueryResult<T>,
    ) -> QueryResult<(T, Option<u64>)> {
        let mut transaction = Self { connection, position: None };
        let done = work(&mut transaction)?;
        Ok((done, transaction.position))
    }

    /// Returns the position of the last appended event, if there is one.
    pub(super) fn position(&self) -> Option<u64> {
        self.position
    }

    /// Waits for an advisory lock and holds it until this transaction ends. A transaction takes it
    /// before every other lock.
    pub(super) fn lock(&mut self, lock: AdvisoryLock) -> QueryResult<()> {
        self.connection.lock(lock)?;
        if lock == AdvisoryLock::Keys { self.connection.notify(true) } else { Ok(()) }
    }

    /// Counts acts. So a restored file is detected if it lacks acts that are no events.
    pub(super) fn count_acts(&mut self, acts: usize) -> QueryResult<()> {
        // At a server, all acts would wait for this row.
        if let AnyConnection::Sqlite(connection) = self.connection {
            let acts = i64::try_from(acts).map_err(|_| damaged("the number of acts"))?;
            diesel::update(feed_position::table)
                .set(feed_position::acts.eq(feed_position::acts + acts))
                .execute(connection)?;
        }
        Ok(())
    }

    /// Returns the position of the next event if no other transaction can take it before this one.
    pub(super) fn next_position(&mut self) -> QueryResult<Option<u64>> {
        match self.connection {
            // The one writer holds the whole database.
            AnyConnection::Sqlite(_) => read_position(self.connection).map(|last| Some(last + 1)),
            AnyConnection::Postgres(_) => Ok(None),
        }
    }

    /// Appends events to the feed and returns the position of the first. Only statements that wait
    /// for no other transaction may follow.
    pub(super) fn append(&mut self, changes: &[Change], now: OffsetDateTime) -> QueryResult<u64> {
        let count = i64::try_from(changes.len()).map_err(|_| damaged("the list of events"))?;
        self.connection.notify(false)?;
        let last = self.connection.advance_position(count)?;
        let at = unix_micros(now);
        let (mut rows, mut revoking) = (Vec::with_capacity(changes.len()), Vec::new());
        for (seq, change) in (last - count + 1..).zip(changes) {
            let body = super::feed::body(change)?;
            if revokes(change) {
                revoking.push((
                    revocations::seq.eq(seq),
                    revocations::at.eq(at),
                    revocations::body.eq(body.clone()),
                    revocations::subject.eq(revoked_subject(change)),
                ));
            }
            rows.push((
                events::seq.eq(seq),
                events::at.eq(at),
                events::public_id.eq(described_user(change)),
                events::body.eq(body),
            ));
        }
        insert_all!(self.connection, events::table, rows);
        insert_all!(self.connection, revocations::table, revoking);
        self.position = Some(position(last)?);
        position(last - count + 1)
    }
}

/// Reads the position of the last event.
pub(super) fn read_position(connection: &mut AnyConnection) -> QueryResult<u64> {
    position(feed_position::table.select(feed_position::seq).get_result(connection)?)
}

/// Returns the id of the user that an event describes with personal data, if no row of the user has
/// the position of the event (`users.created_seq`). So an import keeps one index less.
fn described_user(change: &Change) -> Option<String> {
    match change {
        Change::UserUpdated(user) | Change::UserDisabled(user) | Change::UserEnabled(user) => {
            Some(user.public_id.to_string())
        }
        _ => None,
    }
}

/// Returns the client or key that a revocation ends, by which the issuer finds it again.
pub(super) fn revoked_subject(change: &Change) -> Option<&str> {
    match change {
        Change::ClientRemoved { client_id } => Some(client_id),
        Change::KeyRevoked { kid } => Some(kid),
        _ => None,
    }
}
