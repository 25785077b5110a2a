//! The open sessions, page by page, the latest first.

use std::collections::HashMap;

use diesel::dsl::{auto_type, exists};
use diesel::prelude::*;
use signet_contract::clock::{from_unix_micros, unix_micros};
use time::OffsetDateTime;

use super::super::connection::AnyConnection;
use super::super::schema::{refresh_tokens, sessions};
use super::super::values::uuid;
use auth_domain::feed::REVOCATIONS_KEPT;
use auth_domain::sessions::{SessionQuery, SessionRecord};

columns! {
    /// The columns of a [`SessionRecord`], in the order of [`RecordRow`].
    const RECORD: Columns = (
        (sessions::sid, sessions::public_id, sessions::client_id),
        (sessions::address, sessions::user_agent),
        (sessions::created_at, sessions::last_used_at),
    );
}

type Texts = (String, String, String);
type RecordRow = (Texts, (Option<String>, Option<String>), (i64, i64));

fn record(row: RecordRow, ends: &HashMap<String, i64>) -> QueryResult<SessionRecord> {
    let ((sid, public_id, client_id), (address, user_agent), (created_at, last_used_at)) = row;
    Ok(SessionRecord {
        expires_at: ends.get(&sid).copied().map(from_unix_micros),
        sid: uuid(&sid)?,
        public_id: uuid(&public_id)?,
        client_id,
        address,
        user_agent,
        created_at: from_unix_micros(created_at),
        last_used_at: from_unix_micros(last_used_at),
    })
}

/// Returns the latest expiry of a refresh token for each of these sessions.
fn refresh_ends(
    connection: &mut AnyConnection,
    rows: &[RecordRow],
) -> QueryResult<HashMap<String, i64>> {
    let sids: Vec<_> = rows.iter().map(|((sid, ..), ..)| sid).collect();
    let tokens = refresh_tokens::table
        .filter(refresh_tokens::sid.eq_any(sids))
        .select((refresh_tokens::sid, refresh_tokens::expires_at))
        .load::<(String, i64)>(connection)?;
    let mut ends = HashMap::new();
    for (sid, expires_at) in tokens {
        let end = ends.entry(sid).or_insert(expires_at);
        *end = expires_at.max(*end);
    }
    Ok(ends)
}

/// Selects sessions that can be refreshed or may have a live access token.
#[auto_type]
fn open_at(now: i64, used_since: i64) -> _ {
    let refreshable = refresh_tokens::table
        .filter(refresh_tokens::sid.eq(sessions::sid))
        .filter(refresh_tokens::expires_at.gt(now));
    sessions::ended_at.is_null().and(exists(refreshable).or(sessions::last_used_at.gt(used_since)))
}

/// Selects the rows after a cursor, by keyset: an OFFSET would read all earlier rows.
#[auto_type]
fn after(created_at: i64, sid: String) -> _ {
    let earlier: diesel::dsl::Lt<sessions::created_at, i64> = sessions::created_at.lt(created_at);
    let same: diesel::dsl::Eq<sessions::created_at, i64> = sessions::created_at.eq(created_at);
    earlier.or(same.and(sessions::sid.gt(sid)))
}

pub(super) fn page(
    connection: &mut AnyConnection,
    query: &SessionQuery,
    now: OffsetDateTime,
) -> QueryResult<Vec<SessionRecord>> {
    let (created_at, sid) = query.after.map_or((i64::MAX, String::new()), |cursor| {
        (unix_micros(cursor.created_at), cursor.sid.to_string())
    });
    let wanted = sessions::table
        .filter(open_at(unix_micros(now), unix_micros(now - REVOCATIONS_KEPT)))
        .filter(after(created_at, sid))
        .order((sessions::created_at.desc(), sessions::sid))
        .limit(i64::from(query.limit))
        .select(RECORD);
    let rows = match query.public_id {
        Some(public_id) => wanted
            .filter(sessions::public_id.eq(public_id.to_string()))
            .load::<RecordRow>(connection)?,
        None => wanted.load::<RecordRow>(connection)?,
    };
    let ends = refresh_ends(connection, &rows)?;
    rows.into_iter().map(|row| record(row, &ends)).collect()
}
