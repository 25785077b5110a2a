//! Use cases of operators on sessions: list, end.

use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::error::{AppError, Entity};
use auth_domain::audit::Act;
use auth_domain::page;
use auth_domain::sessions::{SessionCursor, SessionQuery, SessionRecord};
use auth_store::Store;

/// Returns a page of the sessions that are open at the time `now`: those of one user or of all.
///
/// # Errors
///
/// [`Entity::User`] is not found.
pub fn list_sessions(
    store: &Store,
    query: &SessionQuery,
    now: OffsetDateTime,
) -> Result<SessionList, AppError> {
    if let Some(public_id) = query.public_id {
        let user = store.find_user(public_id)?;
        user.ok_or_else(|| AppError::not_found(Entity::User, public_id))?;
    }
    let limit = query.limit;
    let query = SessionQuery { limit: page::rows_for(limit), ..*query };
    let mut sessions = store.list_sessions(&query, now)?;
    let next = page::cut(&mut sessions, limit, |last| SessionCursor::of(last).to_string());
    Ok(SessionList { sessions, next })
}

/// Ends a session: its refresh token is void, and every guard refuses its access tokens. Returns
/// the id of its user.
///
/// # Errors
///
/// [`Entity::Session`] is not found, or has ended before.
pub fn end_session(store: &Store, sid: Uuid, act: &Act) -> Result<Uuid, AppError> {
    let owner = store.end_session(sid, act)?;
    let public_id = owner.ok_or_else(|| AppError::not_found(Entity::Session, sid))?;
    tracing::info!(by = act.by.id().map(display), %public_id, %sid, "an operator ended a session");
    Ok(public_id)
}

/// A page of sessions, the latest first.
#[derive(Serialize, ToSchema)]
pub struct SessionList {
    /// The sessions, the latest first.
    pub sessions: Vec<SessionRecord>,
    /// The cursor of the next page; null on the last page.
    pub next: Option<String>,
}
