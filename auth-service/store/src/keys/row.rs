//! A key as a row.

use diesel::prelude::*;
use signet_contract::clock::{from_unix_micros, unix_micros};
use time::Duration;

use super::super::connection::AnyConnection;
use super::super::schema::keys;
use super::super::values::key_state;
use auth_domain::keys::Key;

columns! {
    /// The columns of a [`Key`], in the order of [`KeyRow`].
    pub(super) const COLUMNS: Columns = (
        keys::kid,
        keys::state,
        keys::since,
        keys::n,
        keys::e,
        keys::served_at,
        keys::longest_life_micros,
        keys::signed,
        keys::last_expiry,
        keys::rotation_requested_at,
    );
}

pub(super) type KeyRow =
    (String, String, i64, String, String, Option<i64>, Option<i64>, bool, Option<i64>, Option<i64>);

pub(super) fn key(row: KeyRow) -> QueryResult<Key> {
    let (kid, state, since, n, e, served_at, life, signed, last_expiry, requested_at) = row;
    Ok(Key {
        kid,
        state: key_state(&state)?,
        since: from_unix_micros(since),
        n,
        e,
        served_at: served_at.map(from_unix_micros),
        longest_life: life.map(Duration::microseconds),
        signed,
        last_expiry: last_expiry.map(from_unix_micros),
        rotation_requested_at: requested_at.map(from_unix_micros),
    })
}

pub(super) fn insert(
    connection: &mut AnyConnection,
    key: &Key,
    added_at: i64,
) -> QueryResult<usize> {
    diesel::insert_into(keys::table)
        .values((
            keys::kid.eq(&key.kid),
            keys::state.eq(key.state.word()),
            keys::since.eq(unix_micros(key.since)),
            keys::n.eq(&key.n),
            keys::e.eq(&key.e),
            keys::added_at.eq(added_at),
            keys::signed.eq(key.signed),
            keys::rotation_requested_at.eq(key.rotation_requested_at.map(unix_micros)),
        ))
        .execute(connection)
}

/// Returns a duration in microseconds, as a column holds it.
pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.whole_microseconds()).unwrap_or(i64::MAX)
}
