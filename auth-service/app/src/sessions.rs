//! Use cases on sessions: of operators on all, and of a user on the own ones.

use serde::Serialize;
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::callers::SessionCaller;
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

/// Returns the caller's own open sessions.
pub fn list_own_sessions(
    store: &Store,
    caller: SessionCaller,
    now: OffsetDateTime,
) -> Result<OwnSessions, AppError> {
    let own = Some(caller.public_id);
    let query = SessionQuery { public_id: own, limit: MOST_OWN, ..SessionQuery::default() };
    let sessions = store.list_sessions(&query, now)?.into_iter();
    let entry = |session: SessionRecord| OwnSession {
        sid: session.sid,
        created_at: session.created_at,
        last_used_at: session.last_used_at,
        address: session.address,
        user_agent: session.user_agent,
        current: session.sid == caller.sid,
    };
    Ok(OwnSessions { sessions: sessions.map(entry).collect() })
}

/// Ends a session of the caller, as a log-out in it does.
///
/// # Errors
///
/// [`Entity::Session`] is not found, has ended before, or belongs to another user.
pub fn end_own_session(
    store: &Store,
    caller: SessionCaller,
    sid: Uuid,
    act: &Act,
) -> Result<(), AppError> {
    let public_id = caller.public_id;
    if !store.end_session_of(public_id, sid, act)? {
        return Err(AppError::not_found(Entity::Session, sid));
    }
    tracing::info!(%public_id, %sid, "a user ended a session");
    Ok(())
}

/// The most sessions of one answer. A user has fewer, apart from those that earlier versions left.
const MOST_OWN: u32 = 1_000;

/// The caller's open sessions.
#[derive(Serialize, ToSchema)]
pub struct OwnSessions {
    /// The sessions, the latest first.
    pub sessions: Vec<OwnSession>,
}

/// An open session of the caller.
#[derive(Serialize, ToSchema)]
pub struct OwnSession {
    /// The session's id, the `sid` of its tokens.
    pub sid: Uuid,
    /// The time of the log-in.
    #[serde(with = "rfc3339")]
    pub created_at: OffsetDateTime,
    /// The time of the last token issued in it.
    #[serde(with = "rfc3339")]
    pub last_used_at: OffsetDateTime,
    /// The network address of the log-in.
    pub address: Option<String>,
    /// The `User-Agent` of the log-in.
    pub user_agent: Option<String>,
    /// True for the session of this request's token.
    pub current: bool,
}

/// A page of sessions, the latest first.
#[derive(Serialize, ToSchema)]
pub struct SessionList {
    /// The sessions, the latest first.
    pub sessions: Vec<SessionRecord>,
    /// The cursor of the next page; null on the last page.
    pub next: Option<String>,
}
