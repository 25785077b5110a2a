//! The few single values of a replica, each under its name.

use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;

use super::schema::replica_state;
use super::sums;

/// Who this guard is towards the issuer.
pub(super) const INSTANCE: &str = "instance";
/// How far the feed is applied.
pub(super) const POSITION: &str = "position";
/// The moment of which the feed told everything, in microseconds since the Unix epoch.
pub(super) const FEED_CONTACT: &str = "feed_contact";
/// The last good key set: its text.
pub(super) const KEYS: &str = "keys";
/// Its `ETag`.
pub(super) const KEYS_ETAG: &str = "keys_etag";
/// When it was last brought or confirmed, in microseconds since the Unix epoch.
pub(super) const KEYS_CONTACT: &str = "keys_contact";

/// The value under `name`.
pub(super) fn get(connection: &mut SqliteConnection, name: &str) -> QueryResult<Option<String>> {
    replica_state::table.find(name).select(replica_state::value).first(connection).optional()
}

/// The number under `name`; what is no number is none.
pub(super) fn number<T: std::str::FromStr>(
    connection: &mut SqliteConnection,
    name: &str,
) -> QueryResult<Option<T>> {
    Ok(get(connection, name)?.and_then(|value| value.parse().ok()))
}

/// Puts `value` under `name`.
pub(super) fn put(connection: &mut SqliteConnection, name: &str, value: &str) -> QueryResult<()> {
    let row = (
        replica_state::name.eq(name),
        replica_state::value.eq(value),
        replica_state::sum.eq(sums::of(&[name.as_bytes(), value.as_bytes()])),
    );
    diesel::replace_into(replica_state::table).values(row).execute(connection)?;
    Ok(())
}

/// Takes away what is under `name`.
pub(super) fn remove(connection: &mut SqliteConnection, name: &str) -> QueryResult<()> {
    diesel::delete(replica_state::table.find(name)).execute(connection)?;
    Ok(())
}
