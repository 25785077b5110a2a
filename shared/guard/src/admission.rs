//! The decision about one request: the token, its key, revocations, and the user's current record.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Inner;
use super::keys::NotFound;
use super::store::UserRecord;
use signet_contract::directory::UserState;
use signet_contract::scope::holds;
use signet_verifier::{AccessToken, Reason, Refusal, Subject, TokenHash, inspect};

/// The time that a request waits for the feed, if its token is newer than the replica.
const PATIENCE: Duration = Duration::from_secs(2);

/// The state of a token's user in the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Good,
    /// Unknown or disabled.
    Gone,
    /// Without the role.
    Short,
}

/// The right that a token must grant.
#[derive(Debug, Clone, Copy)]
pub(super) enum Right<'r> {
    /// None: every good token is admitted.
    Any,
    /// A role of a user.
    Role(&'r str),
    /// A scope of a client (RFC 6749 §3.3).
    Scope(&'static str),
}

impl Right<'_> {
    fn role(&self) -> Option<&str> {
        match self {
            Self::Role(role) => Some(role),
            _ => None,
        }
    }

    fn check(&self, token: &AccessToken) -> Result<(), Refusal> {
        let (granted, scope) = match (self, &token.subject) {
            (Self::Any, _) => (true, None),
            (Self::Role(role), Subject::User { roles, .. }) => {
                (roles.iter().any(|held| held == role), None)
            }
            (Self::Role(_), Subject::Service) => (false, None),
            (Self::Scope(scope), _) => (holds(token.scope.as_deref(), scope), Some(*scope)),
        };
        if granted { Ok(()) } else { Err(Refusal::Forbidden { scope }) }
    }
}

/// Verifies a token, and requires that it grants `right`.
pub(super) async fn admit(
    guard: &Inner,
    text: &str,
    right: Right<'_>,
) -> Result<Arc<AccessToken>, Refusal> {
    let deadline = Instant::now() + PATIENCE;
    let mut waited = false;
    loop {
        guard.must_serve()?;
        let token = verified(guard, text).await?;
        if let Some(reason) = revocation(guard, &token) {
            return Err(Refusal::Invalid(reason));
        }
        right.check(&token)?;
        // Read before the record: a record that is missing now is then missing at this position.
        let position = guard.feed.position().unwrap_or(0);
        let refusal = match standing(guard, &token, right.role())? {
            Standing::Good => return Ok(token),
            Standing::Gone => Refusal::Invalid(Reason::Revoked),
            Standing::Short => Refusal::Forbidden { scope: None },
        };
        if position >= token.pos {
            return Err(refusal);
        }
        if waited || !guard.feed.reaches(token.pos, deadline).await {
            return Err(Refusal::Unavailable { retry_after: 1 });
        }
        // The state may have changed during the wait, so every check runs again.
        waited = true;
    }
}

/// Returns the token, if its signature is good and its key is still held.
async fn verified(guard: &Inner, text: &str) -> Result<Arc<AccessToken>, Refusal> {
    let now = guard.clock.now();
    let hash = TokenHash::of(text);
    if let Some(known) = guard.verdicts.get(&hash, &guard.profile, now) {
        let token = known.map_err(Refusal::Invalid)?;
        if guard.keys.holds(&token.kid) {
            return Ok(token);
        }
    }
    let unverified = inspect(text, &guard.profile, now).map_err(Refusal::Invalid)?;
    let key = guard.keys.find(unverified.kid()).await.map_err(|missing| match missing {
        NotFound::Unknown => Refusal::Invalid(Reason::Key),
        NotFound::Revoked => Refusal::Invalid(Reason::RevokedKey),
        NotFound::Unavailable(retry_after) => Refusal::Unavailable { retry_after },
    })?;
    let token = Arc::new(unverified.verify(&key).map_err(Refusal::Invalid)?);
    guard.verdicts.insert(hash, Arc::clone(&token));
    // During the wait for the key, the token may expire and the key may be dropped.
    token.check_times(&guard.profile, guard.clock.now()).map_err(Refusal::Invalid)?;
    if !guard.keys.holds(&token.kid) {
        return Err(Refusal::Invalid(Reason::Key));
    }
    Ok(token)
}

fn revocation(guard: &Inner, token: &AccessToken) -> Option<Reason> {
    guard.revocations.read().unwrap_or_else(PoisonError::into_inner).touch(token)
}

fn standing(guard: &Inner, token: &AccessToken, role: Option<&str>) -> Result<Standing, Refusal> {
    let Subject::User { public_id, .. } = &token.subject else {
        return Ok(Standing::Good);
    };
    if !guard.has_directory {
        return Ok(Standing::Good);
    }
    let record = guard.store.find_user(*public_id).map_err(|error| {
        tracing::error!(%error, "the directory can't be read");
        Refusal::Unavailable { retry_after: 1 }
    })?;
    Ok(match record {
        Some(UserRecord { state: UserState::Active, roles }) => {
            let short = role.is_some_and(|role| !roles.iter().any(|held| held == role));
            if short { Standing::Short } else { Standing::Good }
        }
        Some(UserRecord { state: UserState::Disabled, .. }) | None => Standing::Gone,
    })
}
