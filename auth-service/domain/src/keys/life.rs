//! The steps of a key's life: which are due, and when the next one is.

use signet_contract::jwks::MAX_KEYS;
use time::{Duration, OffsetDateTime};

use super::{Key, KeyPolicy, KeyState, Step, Timers};
use crate::guards::Guard;

/// For clocks that disagree: a verifier may accept a token this long after its `exp`.
const CLOCKS_DISAGREE: Duration = Duration::seconds(60);

/// The steps that are due, in the order in which to make them. Making one and asking again comes
/// to the same as making all.
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
    // Never none: where no key signs, the oldest pending one does at once, lead or not.
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

/// When this key's state changes by itself; none if only an operator, or a server that publishes
/// it first, can change it. A pending key may have to wait longer, for guards.
pub fn next_change(key: &Key, policy: &KeyPolicy) -> Option<OffsetDateTime> {
    match key.state {
        KeyState::Pending => lead_ends(key, policy),
        KeyState::Active => policy.rotation_every.map(|every| key.since + every),
        KeyState::Retiring => Some(leaves_at(key, policy)),
        KeyState::Retired | KeyState::Revoked => None,
    }
}

/// When a pending key has been published for long enough; none while no server serves it.
pub fn lead_ends(key: &Key, policy: &KeyPolicy) -> Option<OffsetDateTime> {
    let served_at = key.served_at.filter(|_| key.state == KeyState::Pending)?;
    Some(served_at + policy.lead())
}

/// The live guards without which a key whose lead is over does not sign yet; none before.
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

/// For how long the lead of a pending key is over, by the clock that says the least.
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

/// When nobody needs the key any more: its last token is over on every clock, and no cached set is
/// the only one that a verifier has. Of a key that still signs: if it stopped when it is to.
pub fn leaves_at(key: &Key, policy: &KeyPolicy) -> OffsetDateTime {
    let last_expiry = key.last_expiry.unwrap_or(key.since + policy.token_life);
    last_expiry + stays_behind(policy)
}

/// When the next key leaves the key set by itself.
pub fn next_to_leave(keys: &[Key], policy: &KeyPolicy) -> Option<OffsetDateTime> {
    let retiring = keys.iter().filter(|key| key.state == KeyState::Retiring);
    retiring.map(|key| leaves_at(key, policy)).min()
}

/// How long after its last token a key stays.
fn stays_behind(policy: &KeyPolicy) -> Duration {
    CLOCKS_DISAGREE + policy.jwks_max_age
}

fn may_leave(key: &Key, policy: &KeyPolicy, now: OffsetDateTime, timers: &Timers) -> bool {
    let stays = key.longest_life.unwrap_or(policy.token_life) + stays_behind(policy);
    key.state == KeyState::Retiring
        && leaves_at(key, policy) <= now
        && timers.measured(&key.kid).is_none_or(|measured| measured >= stays)
}

/// When the schedule publishes the key that signs next: its lead before the active one has signed
/// for long enough. None if one is pending, or nothing is scheduled.
pub fn next_publication(keys: &[Key], policy: &KeyPolicy) -> Option<OffsetDateTime> {
    let (active, after) = publication(keys, policy)?;
    Some(active.since + after)
}

/// The active key, and how long after it began to sign the next one is published.
fn publication<'a>(keys: &'a [Key], policy: &KeyPolicy) -> Option<(&'a Key, Duration)> {
    let every = policy.rotation_every?;
    if keys.iter().any(|key| key.state == KeyState::Pending) {
        return None;
    }
    let active = keys.iter().find(|key| key.state == KeyState::Active)?;
    Some((active, (every - policy.lead()).max(Duration::ZERO)))
}

/// To be early harms nobody, so either clock may say that the time has come.
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
