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
    let retired = keys.iter().filter(|key| may_leave(key, policy, now, timers));
    let mut steps: Vec<_> = retired.map(|key| Step::Retire(key.kid.clone())).collect();
    let due = standby(keys).filter(|standby| {
        // One key always signs: without an active key, the standby key begins at once.
        active(keys).is_none()
            || rotation_is_due(keys, policy, now, timers)
                && has_room(keys)
                && is_ripe(standby, guards, policy, now, timers)
    });
    steps.extend(due.map(|key| Step::Activate(key.kid.clone())));
    steps
}

/// Returns the key that signs.
pub fn active(keys: &[Key]) -> Option<&Key> {
    keys.iter().find(|key| key.state == KeyState::Active)
}

/// Returns the standby key: the published key that does not sign yet.
pub fn standby(keys: &[Key]) -> Option<&Key> {
    keys.iter().find(|key| key.state == KeyState::Pending)
}

/// Returns true if the key set has room for another key.
pub fn has_room(keys: &[Key]) -> bool {
    keys.iter().filter(|key| key.state.published()).count() < MAX_KEYS
}

/// Returns true if a standby key is missing, and the key set has room for it.
pub fn needs_standby(keys: &[Key]) -> bool {
    standby(keys).is_none() && has_room(keys)
}

/// Returns the time at which the key's state changes by itself. `None` if only an operator, or a
/// server that publishes it first, can change it. A rotation may wait longer, for guards.
pub fn next_change(key: &Key, keys: &[Key], policy: &KeyPolicy) -> Option<OffsetDateTime> {
    match key.state {
        KeyState::Pending | KeyState::Active => rotation_at(keys, policy),
        KeyState::Retiring => Some(leaves_at(key, policy)),
        KeyState::Retired | KeyState::Revoked => None,
    }
}

/// Returns the time of the next rotation: an operator asked for it, or the active key's time is over,
/// and the lead of the standby key is over. `None` if none is scheduled.
pub fn rotation_at(keys: &[Key], policy: &KeyPolicy) -> Option<OffsetDateTime> {
    let standby = standby(keys);
    let lead_ends = standby.and_then(|key| lead_ends(key, policy));
    if let Some(requested_at) = standby.and_then(|key| key.rotation_requested_at) {
        // A server that starts now would serve it from now on.
        return lead_ends.or(Some(requested_at + policy.lead()));
    }
    Some(active(keys)?.since + policy.rotation_every?).max(lead_ends)
}

/// Returns true if a rotation is requested, or either clock says that the active key's time is over:
/// an early rotation does no harm.
fn rotation_is_due(keys: &[Key], policy: &KeyPolicy, now: OffsetDateTime, timers: &Timers) -> bool {
    let is_over = |key: &Key| {
        policy.rotation_every.is_some_and(|every| {
            now - key.since >= every || timers.measured(&key.kid).is_some_and(|time| time >= every)
        })
    };
    keys.iter().any(|key| match key.state {
        KeyState::Pending => key.rotation_requested_at.is_some(),
        KeyState::Active => is_over(key),
        _ => false,
    })
}

/// Returns the end of a standby key's lead; `None` while no server serves the key.
fn lead_ends(key: &Key, policy: &KeyPolicy) -> Option<OffsetDateTime> {
    let served_at = key.served_at.filter(|_| key.state == KeyState::Pending)?;
    Some(served_at + policy.lead())
}

/// Returns true if a standby key may sign without a refusal at any verifier: its lead is over, and
/// every live guard holds it. A guard that lacks it counts only until the patience ends.
pub fn is_ripe(
    key: &Key,
    guards: &[Guard],
    policy: &KeyPolicy,
    now: OffsetDateTime,
    timers: &Timers,
) -> bool {
    lead_over_for(key, policy, now, timers).is_some()
        && held_up_by(key, guards, policy, now, timers).is_empty()
}

/// Returns the live guards that a standby key waits for: after its lead, until the patience ends.
pub fn held_up_by<'a>(
    key: &Key,
    guards: &'a [Guard],
    policy: &KeyPolicy,
    now: OffsetDateTime,
    timers: &Timers,
) -> Vec<&'a Guard> {
    let over = lead_over_for(key, policy, now, timers);
    if over.is_none_or(|over| over >= policy.guard_patience) {
        return Vec::new();
    }
    guards.iter().filter(|guard| guard.live && !guard.holds(&key.kid)).collect()
}

/// Returns the time since the end of a standby key's lead, by the clock that shows the least.
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

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
