//! Who is logged in where.

use serde::Serialize;
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::page;
use crate::domain::sessions::{Cursor, SessionRecord};

/// A page of sessions, the latest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionList {
    /// The sessions, the latest first.
    pub(crate) sessions: Vec<SessionEntry>,
    /// The cursor of the next page; null on the last page.
    pub(crate) next: Option<String>,
}

/// An open session.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionEntry {
    /// The session's id, the `sid` of its tokens.
    pub(crate) sid: Uuid,
    /// The user's id.
    pub(crate) public_id: Uuid,
    /// The client that the session was opened for.
    pub(crate) client_id: String,
    /// The network address of the log-in.
    pub(crate) address: Option<String>,
    /// The `User-Agent` of the log-in.
    pub(crate) user_agent: Option<String>,
    /// The time of the log-in.
    #[serde(with = "rfc3339")]
    pub(crate) created_at: OffsetDateTime,
    /// The time of the last token issued in it.
    #[serde(with = "rfc3339")]
    pub(crate) last_used_at: OffsetDateTime,
    /// The end of its refresh token, unless the token is used before.
    #[serde(with = "rfc3339::option")]
    pub(crate) expires_at: Option<OffsetDateTime>,
}

impl SessionList {
    /// The page of at most `limit` that begins what was read ([`page::rows_for`]).
    pub(crate) fn of(mut sessions: Vec<SessionRecord>, limit: u32) -> Self {
        let next = page::cut(&mut sessions, limit, |last| Cursor::of(last).to_string());
        Self { sessions: sessions.into_iter().map(SessionEntry::from).collect(), next }
    }
}

impl From<SessionRecord> for SessionEntry {
    fn from(record: SessionRecord) -> Self {
        Self {
            sid: record.sid,
            public_id: record.public_id,
            client_id: record.client_id,
            address: record.address,
            user_agent: record.user_agent,
            created_at: record.created_at,
            last_used_at: record.last_used_at,
            expires_at: record.refreshable_until,
        }
    }
}
