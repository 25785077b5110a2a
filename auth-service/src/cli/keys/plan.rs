//! `keys plan`: the scheduled changes of the keys and their times.

use serde::Serialize;
use signet_service::failure::Failure;
use time::OffsetDateTime;

use super::super::{Context, database, output};
use crate::startup::{key_policy, schedule_told};
use auth_domain::keys::{Key, KeyPolicy, KeyState, lead_ends, leaves_at, next_publication};

/// A key and the times of its life. A time that is not known is `None`.
#[derive(Serialize, Default)]
struct Row {
    /// `None` for the pair that the schedule publishes next.
    kid: Option<String>,
    state: &'static str,
    published_at: Option<String>,
    signs_at: Option<String>,
    active_until: Option<String>,
    leaves_jwks_at: Option<String>,
    /// The time from which no verifier needs the public key, in any copy.
    safe_to_delete_at: Option<String>,
}

#[derive(Serialize)]
struct Plan {
    rotation_every_seconds: Option<i64>,
    keys: Vec<Row>,
    note: String,
}

/// Returns the time at which the active key stops signing, if it is known.
fn active_until(keys: &[Key], policy: &KeyPolicy, now: OffsetDateTime) -> Option<OffsetDateTime> {
    let pending = keys.iter().find(|key| key.state == KeyState::Pending);
    match pending {
        Some(pending) => lead_ends(pending, policy).map(|at| at.max(now)),
        None => Some(next_publication(keys, policy)?.max(now) + policy.lead()),
    }
}

fn row(key: &Key, until: Option<OffsetDateTime>, policy: &KeyPolicy) -> Row {
    let known = Row { kid: Some(key.kid.clone()), state: key.state.word(), ..Row::default() };
    match key.state {
        KeyState::Pending => Row {
            published_at: key.served_at.map(output::time),
            signs_at: lead_ends(key, policy).map(output::time),
            ..known
        },
        KeyState::Active => {
            let leaves = until.map(|until| {
                let life = key.longest_life.unwrap_or(policy.token_life);
                let life = Some(life.max(policy.token_life));
                leaves_at(&Key { longest_life: life, ..key.clone() }.stopped(until), policy)
            });
            Row {
                published_at: key.served_at.map(output::time),
                signs_at: Some(output::time(key.since)),
                active_until: until.map(output::time),
                leaves_jwks_at: leaves.map(output::time),
                safe_to_delete_at: leaves.map(output::time),
                ..known
            }
        }
        KeyState::Retiring => {
            let leaves = output::time(leaves_at(key, policy));
            Row {
                active_until: Some(output::time(key.since)),
                leaves_jwks_at: Some(leaves.clone()),
                safe_to_delete_at: Some(leaves),
                ..known
            }
        }
        KeyState::Retired | KeyState::Revoked => known,
    }
}

pub(super) fn run(json: bool, context: &Context) -> Result<(), Failure> {
    let keys = database::existing(context)?.list_keys().map_err(Failure::failed)?;
    let (policy, now) = (key_policy(&context.settings), context.clock.now());
    let until = active_until(&keys, &policy, now);
    let published = keys.iter().filter(|key| key.state.published());
    let mut rows: Vec<Row> = published.map(|key| row(key, until, &policy)).collect();
    if let Some(at) = next_publication(&keys, &policy).map(|at| at.max(now)) {
        rows.push(Row {
            state: "next",
            published_at: Some(output::time(at)),
            signs_at: until.map(output::time),
            ..Row::default()
        });
    }
    let note = schedule_told(&keys, &policy);
    if json {
        let every = policy.rotation_every.map(time::Duration::whole_seconds);
        return output::json(&Plan { rotation_every_seconds: every, keys: rows, note });
    }
    let cells = rows.into_iter().map(|row| {
        let kid = row.kid.unwrap_or_else(|| "(the next one)".into());
        let times = [row.published_at, row.signs_at, row.active_until, row.leaves_jwks_at]
            .map(Option::unwrap_or_default);
        let mut cells = vec![kid, row.state.to_owned()];
        cells.extend(times);
        cells.push(row.safe_to_delete_at.unwrap_or_default());
        cells
    });
    let header = [
        "kid",
        "state",
        "published",
        "signs from",
        "active until",
        "leaves the JWKS",
        "safe to delete",
    ];
    output::table(&header, cells)?;
    output::line(&format!("\n{note}"))
}
