//! The open sessions.

use serde::Serialize;
use utoipa::ToSchema;

use auth_domain::page;
use auth_domain::sessions::{Cursor, SessionRecord};

/// A page of sessions, the latest first.
#[derive(Serialize, ToSchema)]
pub struct SessionList {
    /// The sessions, the latest first.
    pub sessions: Vec<SessionRecord>,
    /// The cursor of the next page; null on the last page.
    pub next: Option<String>,
}

impl SessionList {
    /// Returns the page of at most `limit` at the start of the rows read ([`page::rows_for`]).
    pub fn of(mut sessions: Vec<SessionRecord>, limit: u32) -> Self {
        let next = page::cut(&mut sessions, limit, |last| Cursor::of(last).to_string());
        Self { sessions, next }
    }
}
