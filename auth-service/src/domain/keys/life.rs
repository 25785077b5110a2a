//! The steps of a key's life: which are due, and when the next one is.

use time::{Duration, OffsetDateTime};

use super::{Key, KeyPolicy, KeyState, Step};

/// For clocks that disagree: a verifier may accept a token this long after its `exp`.
const CLOCKS_DISAGREE: Duration = Duration::seconds(60);

/// The steps that are due, in the order in which to make them. Making one and asking again comes
/// to the same as making all.
pub fn next_steps(keys: &[Key], policy: &KeyPolicy, now: OffsetDateTime) -> Vec<Step> {
    let mut steps: Vec<Step> = keys
        .iter()
        .filter(|key| key.state == KeyState::Retiring && leaves_at(key, policy) <= now)
        .map(|key| Step { kid: key.kid.clone(), to: KeyState::Retired })
        .collect();
    let due = keys
        .iter()
        .filter(|key| signs_at(key, policy).is_some_and(|at| at <= now))
        // Oldest first, so that the key published last is the one that goes on signing.
        .map(|key| Step { kid: key.kid.clone(), to: KeyState::Active });
    let before = steps.len();
    steps.extend(due);
    // Never none: where no key signs, the oldest pending one does at once, lead or not.
    if steps.len() == before
        && !keys.iter().any(|key| key.state == KeyState::Active)
        && let Some(key) = keys.iter().find(|key| key.state == KeyState::Pending)
    {
        steps.push(Step { kid: key.kid.clone(), to: KeyState::Active });
    }
    steps
}

/// When this key's state changes by itself; none if only an operator, or a server that publishes
/// it first, can change it.
pub fn next_change(key: &Key, policy: &KeyPolicy) -> Option<OffsetDateTime> {
    match key.state {
        KeyState::Pending => signs_at(key, policy),
        KeyState::Retiring => Some(leaves_at(key, policy)),
        KeyState::Active | KeyState::Retired | KeyState::Revoked => None,
    }
}

/// Two `max-age`s after it was first served: whoever fetched the set just before then has fetched
/// it again since, even if one fetch failed.
fn signs_at(key: &Key, policy: &KeyPolicy) -> Option<OffsetDateTime> {
    let served_at = key.served_at.filter(|_| key.state == KeyState::Pending)?;
    Some(served_at + policy.jwks_max_age * 2)
}

/// When nobody needs the key any more: its last token is over on every clock, and no cached set is
/// the only one that a verifier has.
fn leaves_at(key: &Key, policy: &KeyPolicy) -> OffsetDateTime {
    let last_expiry = key.last_expiry.unwrap_or(key.since + policy.token_life);
    last_expiry + CLOCKS_DISAGREE + policy.jwks_max_age
}

#[cfg(test)]
mod tests;
