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
    pub(crate) sessions: Vec<SessionEntry>,
    /// What the next page comes `after`; null on the last one.
    pub(crate) next: Option<String>,
}

/// An open session.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionEntry {
    pub(crate) sid: Uuid,
    pub(crate) public_id: Uuid,
    /// The client it was opened for.
    pub(crate) client_id: String,
    /// The address that logged in.
    pub(crate) address: Option<String>,
    /// What the client that logged in calls itself.
    pub(crate) user_agent: Option<String>,
    #[serde(with = "rfc3339")]
    pub(crate) created_at: OffsetDateTime,
    /// When a token of it was last issued.
    #[serde(with = "rfc3339")]
    pub(crate) last_used_at: OffsetDateTime,
    /// When its refresh token is over, unless it is used before.
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
