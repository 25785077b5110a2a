//! The single values of a replica, each with a name.

use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;

use super::schema::replica_state;
use super::sums;

/// The id of this guard, sent to the issuer.
pub(super) const INSTANCE: &str = "instance";
/// The feed position up to which events are applied.
pub(super) const POSITION: &str = "position";
/// The time up to which the feed is complete, in microseconds since the Unix epoch.
pub(super) const FEED_CONTACT: &str = "feed_contact";
/// The text of the last good key set.
pub(super) const KEYS: &str = "keys";
/// The `ETag` of that key set.
pub(super) const KEYS_ETAG: &str = "keys_etag";
/// The time at which it was last fetched or confirmed, in microseconds since the Unix epoch.
pub(super) const KEYS_CONTACT: &str = "keys_contact";

/// Returns the value of `name`.
pub(super) fn get(connection: &mut SqliteConnection, name: &str) -> QueryResult<Option<String>> {
    replica_state::table.find(name).select(replica_state::value).get_result(connection).optional()
}

/// Returns the number of `name`, or `None` if the value is not a number.
pub(super) fn number<T: std::str::FromStr>(
    connection: &mut SqliteConnection,
    name: &str,
) -> QueryResult<Option<T>> {
    Ok(get(connection, name)?.and_then(|value| value.parse().ok()))
}

/// Sets the value of `name`.
pub(super) fn put(connection: &mut SqliteConnection, name: &str, value: &str) -> QueryResult<()> {
    let row = (
        replica_state::name.eq(name),
        replica_state::value.eq(value),
        replica_state::sum.eq(sums::of(&[name.as_bytes(), value.as_bytes()])),
    );
    diesel::replace_into(replica_state::table).values(row).execute(connection)?;
    Ok(())
}

/// Removes the value of `name`.
pub(super) fn remove(connection: &mut SqliteConnection, name: &str) -> QueryResult<()> {
    diesel::delete(replica_state::table.find(name)).execute(connection)?;
    Ok(())
}
