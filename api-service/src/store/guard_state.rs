//! The replica as the store of the guard: each call is one transaction.

use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use signet_contract::clock::{from_unix_micros, unix_micros};
use signet_contract::directory::DirectoryUser;
use signet_contract::events::Event;
use signet_guard::store::{Batch, Contact, Held, SavedKeys, SnapshotEnd, UserRecord};
use signet_guard::{GuardStore, StoreError};
use time::OffsetDateTime;
use uuid::Uuid;

use super::schema::revocations;
use super::{Replica, changes, staging, state, sums};

/// The most values in one statement of SQLite: up to a million can be forgotten at once.
const FORGOTTEN_AT_ONCE: usize = 1_000;

impl GuardStore for Replica {
    fn load(&self) -> Result<Held, StoreError> {
        let connection = &mut *self.write();
        held(connection).map_err(|error| self.failed(&error))
    }

    fn has_directory(&self) -> bool {
        true
    }

    fn apply(&self, batch: &Batch<'_>) -> Result<(), StoreError> {
        let mut rows = Vec::new();
        let applied = self.write().immediate_transaction(|connection| {
            let position = state::number::<u64>(connection, state::POSITION)?;
            for event in batch.events {
                if position.is_none_or(|position| event.seq > position) {
                    rows.extend(changes::apply(connection, &event.change)?);
                }
            }
            hold(connection, batch.revocations)?;
            forget(connection, batch.forget)?;
            move_to(connection, batch.position, batch.at)
        });
        // After an error, too: it is unknown if the commit reached the file.
        self.memory.drop_written(&rows);
        applied.map_err(|error| self.failed(&error))
    }

    fn begin_snapshot(&self) -> Result<(), StoreError> {
        self.write().immediate_transaction(staging::begin).map_err(|error| self.failed(&error))
    }

    fn stage_users(&self, users: &[DirectoryUser]) -> Result<(), StoreError> {
        self.write()
            .immediate_transaction(|connection| staging::stage(connection, users))
            .map_err(|error| self.failed(&error))
    }

    fn finish_snapshot(&self, end: &SnapshotEnd<'_>) -> Result<(), StoreError> {
        let finished = self.write().immediate_transaction(|connection| {
            staging::finish(connection)?;
            hold(connection, end.revocations)?;
            forget(connection, end.forget)?;
            move_to(connection, end.position, end.at)
        });
        self.memory.drop_all();
        finished.map_err(|error| self.failed(&error))
    }

    fn save_keys(&self, keys: &SavedKeys) -> Result<(), StoreError> {
        self.write()
            .immediate_transaction(|connection| {
                state::put(connection, state::KEYS, &keys.text)?;
                match &keys.etag {
                    Some(etag) => state::put(connection, state::KEYS_ETAG, etag)?,
                    None => state::remove(connection, state::KEYS_ETAG)?,
                }
                put_time(connection, state::KEYS_CONTACT, keys.fetched_at)
            })
            .map_err(|error| self.failed(&error))
    }

    fn touch(&self, contact: Contact, at: OffsetDateTime) -> Result<(), StoreError> {
        let name = match contact {
            Contact::Keys => state::KEYS_CONTACT,
            Contact::Feed => state::FEED_CONTACT,
        };
        put_time(&mut self.write(), name, at).map_err(|error| self.failed(&error))
    }

    fn find_user(&self, public_id: Uuid) -> Result<Option<UserRecord>, StoreError> {
        let record = self.record(public_id).map_err(StoreError::new)?;
        Ok(record.map(|record| record.rights.clone()))
    }
}

fn held(connection: &mut SqliteConnection) -> QueryResult<Held> {
    let damaged = |error: Box<dyn std::error::Error + Send + Sync>| {
        diesel::result::Error::DeserializationError(error)
    };
    let instance = state::get(connection, state::INSTANCE)?.unwrap_or_default();
    // Row by row: the texts of a million revocations take about 200 MB.
    let rows = revocations::table.order(revocations::seq).select(revocations::event);
    let mut revocations = Vec::new();
    for event in rows.load_iter::<String, _>(connection)? {
        revocations.push(serde_json::from_str(&event?).map_err(|error| damaged(Box::new(error)))?);
    }
    let text = state::get(connection, state::KEYS)?;
    let fetched_at = time_of(connection, state::KEYS_CONTACT)?;
    let etag = state::get(connection, state::KEYS_ETAG)?;
    let keys = text.zip(fetched_at).map(|(text, fetched_at)| SavedKeys { text, etag, fetched_at });
    Ok(Held {
        instance: instance.parse().map_err(|error: uuid::Error| damaged(Box::new(error)))?,
        position: state::number(connection, state::POSITION)?,
        feed_contact: time_of(connection, state::FEED_CONTACT)?,
        revocations,
        keys,
    })
}

fn hold(connection: &mut SqliteConnection, events: &[Event]) -> QueryResult<()> {
    for event in events {
        let text = serde_json::to_string(event)
            .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))?;
        let seq = signed(event.seq);
        let row = (
            revocations::seq.eq(seq),
            revocations::sum.eq(sums::of(&[&seq.to_le_bytes(), text.as_bytes()])),
            revocations::event.eq(text),
        );
        diesel::replace_into(revocations::table).values(row).execute(connection)?;
    }
    Ok(())
}

fn forget(connection: &mut SqliteConnection, seqs: &[u64]) -> QueryResult<()> {
    for part in seqs.chunks(FORGOTTEN_AT_ONCE) {
        let part = part.iter().map(|seq| signed(*seq));
        diesel::delete(revocations::table.filter(revocations::seq.eq_any(part)))
            .execute(connection)?;
    }
    Ok(())
}

fn move_to(
    connection: &mut SqliteConnection,
    position: u64,
    at: OffsetDateTime,
) -> QueryResult<()> {
    state::put(connection, state::POSITION, &position.to_string())?;
    put_time(connection, state::FEED_CONTACT, at)
}

fn put_time(connection: &mut SqliteConnection, name: &str, at: OffsetDateTime) -> QueryResult<()> {
    state::put(connection, name, &unix_micros(at).to_string())
}

fn time_of(connection: &mut SqliteConnection, name: &str) -> QueryResult<Option<OffsetDateTime>> {
    Ok(state::number(connection, name)?.map(from_unix_micros))
}

/// Returns a position as SQLite stores it. Positions are microseconds since 1970, so they fit.
fn signed(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}
