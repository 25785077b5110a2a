//! `keys list`.

use serde::Serialize;
use shared::service::failure::Failure;

use super::super::{Context, database, output};
use crate::domain::keys::{Key, KeyPolicy, KeyState, KeyStore, next_change};
use crate::startup::key_policy;

#[derive(Serialize)]
struct Row {
    kid: String,
    state: &'static str,
    since: String,
    /// When the state changes by itself.
    next: Option<String>,
}

fn row(key: &Key, policy: &KeyPolicy) -> Row {
    Row {
        kid: key.kid.clone(),
        state: key.state.word(),
        since: output::time(key.since),
        next: next_change(key, policy).map(output::time),
    }
}

/// What happens next, in words.
fn next(key: &Key, row: &Row) -> String {
    match (key.state, &row.next) {
        (KeyState::Pending, Some(at)) => format!("signs at {at}"),
        (KeyState::Pending, None) => "waits for a server to serve it".into(),
        (KeyState::Retiring, Some(at)) => format!("leaves the key set at {at}"),
        _ => String::new(),
    }
}

pub(super) fn run(json: bool, context: &Context) -> Result<(), Failure> {
    let keys = database::existing(context)?.list_keys().map_err(Failure::failed)?;
    let policy = key_policy(&context.settings);
    let rows: Vec<Row> = keys.iter().map(|key| row(key, &policy)).collect();
    if json {
        return output::json(&serde_json::json!({ "keys": rows, "next": null }));
    }
    let cells = keys.iter().zip(&rows).map(|(key, row)| {
        vec![row.kid.clone(), row.state.into(), row.since.clone(), next(key, row)]
    });
    output::table(&["kid", "state", "since", "next"], cells)
}
