//! Use cases of OAuth clients: authentication, tokens, revocation, introspection.

mod authentication;
mod introspection;
mod revocation;
mod tokens;

use std::sync::Arc;

use tracing::field::display;

use crate::AppState;
use crate::error::AppError;
use auth_crypto::signing::PublishedSet;
use auth_domain::audit::{Act, Action, Reason, Subject};

pub use authentication::{ClientProof, OAuthCaller};
pub use introspection::IntrospectionAnswer;
pub use revocation::TokenRevocation;
pub use tokens::TokenAnswer;

impl AppState {
    /// Returns the published key set, and the seconds for which a cache may keep it.
    pub fn key_set(&self) -> (Arc<PublishedSet>, u64) {
        let set = self.keys.key_set();
        let max_age = set.max_age(self.clock.now());
        (set, max_age)
    }
}

/// Records a refusal, unless there are too many of them. Returns the error for the caller. The line is
/// at `debug`: most refusals cost a stranger nothing.
async fn refusal(
    app: &AppState,
    act: &Act,
    action: Action,
    subject: Subject,
    reason: Reason,
) -> AppError {
    let subject_id = subject.id().map(display);
    tracing::debug!(action = action.word(), subject_id, why = reason.word(), "refused");
    match app.note_within_bounds(act.refused(action, subject, reason)).await {
        Ok(()) => AppError::Refused(reason),
        Err(error) => error,
    }
}
