//! The end of the caller's own session, or of every session.

use crate::callers::SessionCaller;
use crate::error::AppError;
use auth_domain::audit::Act;
use auth_store::Store;

/// Ends the caller's session: its refresh token is void, and guards refuse its access tokens.
pub fn log_out(store: &Store, caller: SessionCaller, act: &Act) -> Result<(), AppError> {
    let SessionCaller { public_id, sid } = caller;
    store.end_session(sid, act)?;
    tracing::info!(%public_id, %sid, "log-out");
    Ok(())
}

/// Ends every session of the caller.
pub fn log_out_everywhere(store: &Store, caller: SessionCaller, act: &Act) -> Result<(), AppError> {
    let public_id = caller.public_id;
    store.end_sessions_of(public_id, None, act)?;
    tracing::info!(%public_id, "log-out everywhere");
    Ok(())
}
