//! `keys list`.

use serde::Serialize;
use shared::service::failure::Failure;

use super::super::{Context, database, output};
use crate::domain::guards::{Guard, GuardStore};
use crate::domain::keys::{Key, KeyPolicy, KeyState, KeyStore, next_change};
use crate::startup::key_policy;

#[derive(Serialize)]
struct Row {
    kid: String,
    state: &'static str,
    since: String,
    /// When the state changes by itself.
    next: Option<String>,
    /// The live guards, and whether they hold it.
    guards: Vec<Holder>,
}

#[derive(Serialize)]
struct Holder {
    client_id: String,
    instance: String,
    holds: bool,
}

fn row(key: &Key, guards: &[Guard], policy: &KeyPolicy) -> Row {
    let holder = |guard: &Guard| Holder {
        client_id: guard.id.client_id.clone(),
        instance: guard.id.instance.to_string(),
        holds: guard.holds(&key.kid),
    };
    Row {
        kid: key.kid.clone(),
        state: key.state.word(),
        since: output::time(key.since),
        next: next_change(key, policy).map(output::time),
        guards: guards.iter().map(holder).collect(),
    }
}

/// What happens next, in words.
fn next(key: &Key, row: &Row) -> String {
    match (key.state, &row.next) {
        (KeyState::Pending, Some(at)) => format!("signs at {at}"),
        (KeyState::Pending, None) => "waits for a server to serve it".into(),
        (KeyState::Active, Some(at)) => format!("is replaced at {at}"),
        (KeyState::Retiring, Some(at)) => format!("leaves the key set at {at}"),
        _ => String::new(),
    }
}

fn held(row: &Row) -> String {
    let holders = row.guards.iter().filter(|guard| guard.holds).count();
    format!("{holders} of {} guards", row.guards.len())
}

pub(super) fn run(json: bool, context: &Context) -> Result<(), Failure> {
    let database = database::existing(context)?;
    let keys = database.list_keys().map_err(Failure::failed)?;
    let mut guards = database.list_guards(context.clock.now()).map_err(Failure::failed)?;
    guards.retain(|guard| guard.live);
    let policy = key_policy(&context.settings);
    let rows: Vec<Row> = keys.iter().map(|key| row(key, &guards, &policy)).collect();
    if json {
        return output::json(&serde_json::json!({ "keys": rows, "next": null }));
    }
    let cells = keys.iter().zip(&rows).map(|(key, row)| {
        let held = if key.state.published() { held(row) } else { String::new() };
        vec![row.kid.clone(), row.state.into(), row.since.clone(), next(key, row), held]
    });
    output::table(&["kid", "state", "since", "next", "held by"], cells)
}
