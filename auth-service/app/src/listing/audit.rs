//! The audit log.

use serde::Serialize;
use utoipa::ToSchema;

use auth_domain::audit::Record;
use auth_domain::page::{self, Cursor};

/// A page of the audit log, the latest row first.
#[derive(Serialize, ToSchema)]
pub struct AuditLog {
    /// The rows, the latest first.
    pub audit: Vec<Record>,
    /// The cursor of the next page, of older rows; null on the last page.
    pub next: Option<String>,
}

impl AuditLog {
    /// Returns the page of at most `limit` at the start of the rows read ([`page::rows_for`]).
    pub fn of(mut records: Vec<Record>, limit: u32) -> Self {
        let next = page::cut(&mut records, limit, |record| Cursor(record.id).to_string());
        Self { audit: records, next }
    }
}
