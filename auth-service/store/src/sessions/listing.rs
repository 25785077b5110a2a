//! The open sessions, page by page, the latest first.

use diesel::dsl::auto_type;
use diesel::prelude::*;
use signet_contract::clock::{from_unix_micros, unix_micros};
use time::OffsetDateTime;

use super::super::connection::AnyConnection;
use super::super::schema::sessions;
use super::super::values::uuid;
use super::latest_expiry;
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

fn record((row, expires_at): (RecordRow, Option<i64>)) -> QueryResult<SessionRecord> {
    let ((sid, public_id, client_id), (address, user_agent), (created_at, last_used_at)) = row;
    Ok(SessionRecord {
        sid: uuid(&sid)?,
        public_id: uuid(&public_id)?,
        client_id,
        address,
        user_agent,
        created_at: from_unix_micros(created_at),
        last_used_at: from_unix_micros(last_used_at),
        expires_at: expires_at.map(from_unix_micros),
    })
}

/// Selects sessions that can be refreshed or may have a live access token.
#[auto_type]
fn open_at(now: i64, used_since: i64) -> _ {
    let refreshable = latest_expiry().gt(now);
    sessions::ended_at.is_null().and(refreshable.or(sessions::last_used_at.gt(used_since)))
}

/// Selects the rows after a cursor, by keyset: an OFFSET would read all earlier rows.
#[auto_type]
fn after(created_at: i64, sid: String) -> _ {
    let not_later: diesel::dsl::LtEq<sessions::created_at, i64> =
        sessions::created_at.le(created_at);
    let earlier: diesel::dsl::Lt<sessions::created_at, i64> = sessions::created_at.lt(created_at);
    // An index finds the beginning of a range, not that of two alternatives.
    not_later.and(earlier.or(sessions::sid.gt(sid)))
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
        .select((RECORD, latest_expiry()));
    let rows = match query.public_id {
        Some(public_id) => {
            wanted.filter(sessions::public_id.eq(public_id.to_string())).load(connection)?
        }
        None => wanted.load(connection)?,
    };
    rows.into_iter().map(record).collect()
}
