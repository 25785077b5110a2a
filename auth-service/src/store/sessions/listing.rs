//! The open sessions, page by page, the latest first.

use diesel::dsl::auto_type;
use diesel::prelude::*;
use shared::clock::{from_unix_micros, unix_micros};
use time::OffsetDateTime;

use super::super::connection::AnyConnection;
use super::super::schema::sessions;
use super::super::values::uuid;
use crate::domain::feed::REVOCATIONS_KEPT;
use crate::domain::sessions::{SessionQuery, SessionRecord};

type Columns = (
    (sessions::sid, sessions::public_id, sessions::client_id),
    (sessions::address, sessions::user_agent),
    (sessions::created_at, sessions::last_used_at, sessions::refresh_expires_at),
);

/// The columns of a [`SessionRecord`], in the order of [`RecordRow`].
const RECORD: Columns = (
    (sessions::sid, sessions::public_id, sessions::client_id),
    (sessions::address, sessions::user_agent),
    (sessions::created_at, sessions::last_used_at, sessions::refresh_expires_at),
);

type Texts = (String, String, String);
type RecordRow = (Texts, (Option<String>, Option<String>), (i64, i64, Option<i64>));

fn record(row: RecordRow) -> QueryResult<SessionRecord> {
    let ((sid, public_id, client_id), (address, user_agent), times) = row;
    let (created_at, last_used_at, until) = times;
    Ok(SessionRecord {
        sid: uuid(&sid)?,
        public_id: uuid(&public_id)?,
        client_id,
        address,
        user_agent,
        created_at: from_unix_micros(created_at),
        last_used_at: from_unix_micros(last_used_at),
        refreshable_until: until.map(from_unix_micros),
    })
}

/// Those that can be refreshed, or whose last access token may live.
#[auto_type]
fn open_at(now: i64, used_since: i64) -> _ {
    sessions::ended_at
        .is_null()
        .and(sessions::refresh_expires_at.gt(now).or(sessions::last_used_at.gt(used_since)))
}

/// By keyset: an OFFSET would count through all that come before.
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
    rows.into_iter().map(record).collect()
}
