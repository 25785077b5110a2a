//! The steps of a key's life: the steps that are due, and the time of the next one.

use signet_contract::jwks::MAX_KEYS;
use time::{Duration, OffsetDateTime};

use super::{Key, KeyPolicy, KeyState, Step, Timers};
use crate::guards::Guard;

/// For clocks that disagree: a verifier may accept a token this long after its `exp`.
const CLOCKS_DISAGREE: Duration = Duration::seconds(60);

/// Returns the steps that are due, in the order to take them. To take one and ask again has the
/// same result as to take all.
pub fn next_steps(
    keys: &[Key],
    guards: &[Guard],
    policy: &KeyPolicy,
    now: OffsetDateTime,
    timers: &Timers,
) -> Vec<Step> {
    let mut steps: Vec<Step> = keys
        .iter()
        .filter(|key| may_leave(key, policy, now, timers))
        .map(|key| Step::Retire(key.kid.clone()))
        .collect();
    let due = keys
        .iter()
        .filter(|key| may_sign(key, guards, policy, now, timers))
        // Oldest first, so that the key published last is the one that goes on signing.
        .map(|key| Step::Activate(key.kid.clone()));
    let before = steps.len();
    steps.extend(due);
    let signs = keys.iter().any(|key| key.state == KeyState::Active);
    // One key always signs: if none does, the oldest pending one begins at once, lead or not.
    if steps.len() == before
        && !signs
        && let Some(key) = keys.iter().find(|key| key.state == KeyState::Pending)
    {
        steps.push(Step::Activate(key.kid.clone()));
    }
    if publication_is_due(keys, policy, now, timers) {
        steps.push(Step::Publish);
    }
    steps
}

/// Returns the time at which the key's state changes by itself. `None` if only an operator, or a
/// server that publishes it first, can change it. A pending key may wait longer, for guards.
pub fn next_change(key: &Key, policy: &KeyPolicy) -> Option<OffsetDateTime> {
    match key.state {
        KeyState::Pending => lead_ends(key, policy),
        KeyState::Active => policy.rotation_every.map(|every| key.since + every),
        KeyState::Retiring => Some(leaves_at(key, policy)),
        KeyState::Retired | KeyState::Revoked => None,
    }
}

/// Returns the end of a pending key's lead; `None` while no server serves the key.
pub fn lead_ends(key: &Key, policy: &KeyPolicy) -> Option<OffsetDateTime> {
    let served_at = key.served_at.filter(|_| key.state == KeyState::Pending)?;
    Some(served_at + policy.lead())
}

/// Returns the live guards that a key waits for after its lead; none before its end.
pub fn held_up_by<'a>(
    key: &Key,
    guards: &'a [Guard],
    policy: &KeyPolicy,
    now: OffsetDateTime,
    timers: &Timers,
) -> Vec<&'a Guard> {
    if lead_over_for(key, policy, now, timers).is_none() {
        return Vec::new();
    }
    guards.iter().filter(|guard| guard.live && !guard.holds(&key.kid)).collect()
}

/// Returns the time since the end of a pending key's lead, by the clock that shows the least.
fn lead_over_for(
    key: &Key,
    policy: &KeyPolicy,
    now: OffsetDateTime,
    timers: &Timers,
) -> Option<Duration> {
    let by_the_wall = now - lead_ends(key, policy)?;
    let measured = timers.measured(&key.kid).map(|measured| measured - policy.lead());
    let over = measured.map_or(by_the_wall, |measured| measured.min(by_the_wall));
    (over >= Duration::ZERO).then_some(over)
}

fn may_sign(
    key: &Key,
    guards: &[Guard],
    policy: &KeyPolicy,
    now: OffsetDateTime,
    timers: &Timers,
) -> bool {
    lead_over_for(key, policy, now, timers).is_some_and(|over| {
        over >= policy.guard_patience || held_up_by(key, guards, policy, now, timers).is_empty()
    })
}

/// Returns the time at which verifiers no longer need the key: its last token is over on every
/// clock, and every older cached set was replaced. Without a `last_expiry`, it stopped at `since`.
pub fn leaves_at(key: &Key, policy: &KeyPolicy) -> OffsetDateTime {
    let last_expiry = key.last_expiry.unwrap_or(key.since + policy.token_life);
    last_expiry + stays_behind(policy)
}

/// Returns the time at which the next key leaves the key set by itself.
pub fn next_to_leave(keys: &[Key], policy: &KeyPolicy) -> Option<OffsetDateTime> {
    let retiring = keys.iter().filter(|key| key.state == KeyState::Retiring);
    retiring.map(|key| leaves_at(key, policy)).min()
}

/// Returns the time for which a key stays after its last token.
fn stays_behind(policy: &KeyPolicy) -> Duration {
    CLOCKS_DISAGREE + policy.jwks_max_age
}

fn may_leave(key: &Key, policy: &KeyPolicy, now: OffsetDateTime, timers: &Timers) -> bool {
    let stays = key.longest_life.unwrap_or(policy.token_life) + stays_behind(policy);
    key.state == KeyState::Retiring
        && leaves_at(key, policy) <= now
        && timers.measured(&key.kid).is_none_or(|measured| measured >= stays)
}

/// Returns the time at which the schedule publishes the next signing key: one lead before the
/// active key's time is over. `None` if a key is pending, or nothing is scheduled.
pub fn next_publication(keys: &[Key], policy: &KeyPolicy) -> Option<OffsetDateTime> {
    let (active, after) = publication(keys, policy)?;
    Some(active.since + after)
}

/// Returns the active key, and the time from its activation to the next publication.
fn publication<'a>(keys: &'a [Key], policy: &KeyPolicy) -> Option<(&'a Key, Duration)> {
    let every = policy.rotation_every?;
    if keys.iter().any(|key| key.state == KeyState::Pending) {
        return None;
    }
    let active = keys.iter().find(|key| key.state == KeyState::Active)?;
    Some((active, (every - policy.lead()).max(Duration::ZERO)))
}

/// Returns true if either clock says that the time has come: an early publication does no harm.
fn publication_is_due(
    keys: &[Key],
    policy: &KeyPolicy,
    now: OffsetDateTime,
    timers: &Timers,
) -> bool {
    let published = keys.iter().filter(|key| key.state.published()).count();
    published < MAX_KEYS
        && publication(keys, policy).is_some_and(|(active, after)| {
            now - active.since >= after
                || timers.measured(&active.kid).is_some_and(|measured| measured >= after)
        })
}

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
