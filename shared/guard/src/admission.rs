//! The decision about one request: the token, its key, revocations, and the user's current record.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;

use super::freshness::Stamp;
use super::keys::NotFound;
use super::store::UserRecord;
use super::{Inner, Rules};
use signet_contract::directory::UserState;
use signet_verifier::{AccessToken, Reason, Refusal, Subject, TokenHash, inspect};

/// The time that a request waits for the feed, if its token is newer than the replica.
const PATIENCE: Duration = Duration::from_secs(2);

/// The state of a token's user in the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Standing {
    /// With these roles in the directory; `None` for a service, or without a directory.
    Good(Option<Vec<String>>),
    /// Unknown or disabled.
    Gone,
    /// Without the role.
    Short,
}

/// An admitted token.
pub(super) struct Admission {
    pub(super) token: Arc<AccessToken>,
    /// The user's roles in the directory, read with the decision. `None` for a service, or without a
    /// directory.
    pub(super) directory_roles: Option<Vec<String>>,
}

/// Verifies a token, and requires that it keeps all `rules`.
pub(super) async fn admit(
    guard: &Inner,
    text: &str,
    rules: [&Rules; 2],
) -> Result<Admission, Refusal> {
    let mut waited = false;
    loop {
        let now = Stamp::now(&*guard.clock);
        guard.must_serve(&now)?;
        let token = verified(guard, text, now.wall()).await?;
        if let Some(reason) = revocation(guard, &token) {
            return Err(Refusal::Invalid(reason));
        }
        rules.iter().try_for_each(|rules| rules.check(&token))?;
        // Read before the record: a record that is missing now is then missing at this position.
        let position = guard.feed.position().unwrap_or(0);
        let refusal = match standing(guard, &token, rules)? {
            Standing::Good(directory_roles) => return Ok(Admission { token, directory_roles }),
            Standing::Gone => Refusal::Invalid(Reason::Revoked),
            Standing::Short => Refusal::Forbidden { scope: None },
        };
        if position >= token.pos {
            return Err(refusal);
        }
        // The wait for a key counts, too.
        if waited || !guard.feed.reaches(token.pos, now.after(PATIENCE)).await {
            return Err(Refusal::Unavailable { retry_after: 1 });
        }
        // The state may have changed during the wait, so every check runs again.
        waited = true;
    }
}

/// Returns the token, if its signature is good and its key is still held.
async fn verified(
    guard: &Inner,
    text: &str,
    now: OffsetDateTime,
) -> Result<Arc<AccessToken>, Refusal> {
    let hash = TokenHash::of(text);
    if let Some(known) = guard.verdicts.get(&hash, &guard.profile, now) {
        let token = known.map_err(Refusal::Invalid)?;
        if guard.keys.holds(&token.kid) {
            return Ok(token);
        }
    }
    let unverified = inspect(text, &guard.profile, now).map_err(Refusal::Invalid)?;
    let (key, waited) = match guard.keys.get(unverified.kid()) {
        Some(key) => (key, false),
        None => (guard.keys.find(unverified.kid()).await.map_err(refusal)?, true),
    };
    let token = Arc::new(unverified.verify(&key).map_err(Refusal::Invalid)?);
    guard.verdicts.insert(hash, Arc::clone(&token));
    // During the wait for the key, the token may expire.
    if waited {
        token.check_times(&guard.profile, guard.clock.now()).map_err(Refusal::Invalid)?;
    }
    if !guard.keys.holds(&token.kid) {
        return Err(Refusal::Invalid(Reason::Key));
    }
    Ok(token)
}

fn refusal(missing: NotFound) -> Refusal {
    match missing {
        NotFound::Unknown => Refusal::Invalid(Reason::Key),
        NotFound::Revoked => Refusal::Invalid(Reason::RevokedKey),
        NotFound::Unavailable(retry_after) => Refusal::Unavailable { retry_after },
    }
}

fn revocation(guard: &Inner, token: &AccessToken) -> Option<Reason> {
    guard.revocations.read().unwrap_or_else(PoisonError::into_inner).touch(token)
}

fn standing(guard: &Inner, token: &AccessToken, rules: [&Rules; 2]) -> Result<Standing, Refusal> {
    let (Subject::User { public_id, .. }, Some(directory)) = (&token.subject, &guard.directory)
    else {
        return Ok(Standing::Good(None));
    };
    let record = directory.find_user(*public_id).map_err(|error| {
        tracing::error!(%error, "the directory can't be read");
        Refusal::Unavailable { retry_after: 1 }
    })?;
    Ok(match record {
        Some(UserRecord { state: UserState::Active, roles }) => {
            let mut wanted = rules.iter().flat_map(|rules| rules.roles());
            let all = wanted.all(|wanted| roles.iter().any(|held| held == wanted));
            if all { Standing::Good(Some(roles)) } else { Standing::Short }
        }
        Some(UserRecord { state: UserState::Disabled, .. }) | None => Standing::Gone,
    })
}
