//! The use case of operators on the audit log: list.

use serde::Serialize;
use utoipa::ToSchema;

use crate::error::AppError;
use auth_domain::audit::{AuditQuery, AuditRow};
use auth_domain::page::{self, Cursor};
use auth_store::Store;

/// Returns a page of the audit log, the latest row first.
pub fn list_audit(store: &Store, query: AuditQuery) -> Result<AuditLog, AppError> {
    let limit = query.limit;
    let mut audit = store.list_audit(&AuditQuery { limit: page::rows_for(limit), ..query })?;
    let next = page::cut(&mut audit, limit, |record| Cursor(record.id).to_string());
    Ok(AuditLog { audit, next })
}

/// A page of the audit log, the latest row first.
#[derive(Serialize, ToSchema)]
pub struct AuditLog {
    /// The rows, the latest first.
    pub audit: Vec<AuditRow>,
    /// The cursor of the next page, of older rows; null on the last page.
    pub next: Option<String>,
}
