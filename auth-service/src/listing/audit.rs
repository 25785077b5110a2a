//! The audit log.

use serde::Serialize;
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::ToSchema;

use crate::domain::audit::Record;
use crate::domain::page::{self, Cursor};

/// A page of the audit log, the latest row first.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditLog {
    /// The rows, the latest first.
    pub(crate) audit: Vec<AuditRow>,
    /// The cursor of the next page, of older rows; null on the last page.
    pub(crate) next: Option<String>,
}

/// One thing that was done or refused. It holds ids, no names and no secrets.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditRow {
    /// The number of the row; it rises from row to row.
    pub(crate) id: u64,
    /// The time of the action.
    #[serde(with = "rfc3339")]
    pub(crate) at: OffsetDateTime,
    /// `user`, `client`, `operator` (a command), `server` (its schedule) or `nobody` (unproven).
    pub(crate) actor_type: String,
    /// The id of the user or the client that acted.
    pub(crate) actor: Option<String>,
    /// The action, such as `login` or `user.disable`.
    pub(crate) action: String,
    /// `done` or `refused`.
    pub(crate) outcome: &'static str,
    /// The reason of a refusal, such as `wrong_password`.
    pub(crate) reason: Option<String>,
    /// `user`, `session`, `client`, `key` or `unknown`.
    pub(crate) subject_type: String,
    /// The id of the subject.
    pub(crate) subject: Option<String>,
    /// The id of the user concerned, whatever the subject is.
    pub(crate) user: Option<String>,
    /// A network address, `command line` or `server`.
    pub(crate) from: Option<String>,
    /// Roles, scopes, and the like.
    pub(crate) detail: Option<String>,
}

impl AuditLog {
    /// The page of at most `limit` that begins what was read ([`page::rows_for`]).
    pub(crate) fn of(mut records: Vec<Record>, limit: u32) -> Self {
        let next = page::cut(&mut records, limit, |record| Cursor(record.id).to_string());
        Self { audit: records.into_iter().map(AuditRow::from).collect(), next }
    }
}

impl From<Record> for AuditRow {
    fn from(record: Record) -> Self {
        Self {
            id: record.id,
            at: record.at,
            actor_type: record.actor_type,
            actor: record.actor,
            action: record.action,
            outcome: if record.refused.is_some() { "refused" } else { "done" },
            reason: record.refused,
            subject_type: record.subject_type,
            subject: record.subject,
            user: record.public_id,
            from: record.origin,
            detail: record.detail,
        }
    }
}
