//! `keys list`.

use signet_service::failure::Failure;

use super::super::{Context, database, output};
use crate::startup::key_policy;
use auth_app::listing::keys::{KeyEntry, KeyList};
use auth_domain::keys::{Key, KeyState};

/// Describes the next change of a key.
fn next(key: &Key, row: &KeyEntry) -> String {
    match (key.state, row.next.map(output::time)) {
        (KeyState::Pending, Some(at)) => format!("signs at {at}"),
        (KeyState::Pending, None) => "waits for a server to serve it".into(),
        (KeyState::Active, Some(at)) => format!("is replaced at {at}"),
        (KeyState::Retiring, Some(at)) => format!("leaves the key set at {at}"),
        _ => String::new(),
    }
}

fn held(row: &KeyEntry) -> String {
    let holders = row.guards.iter().filter(|guard| guard.holds).count();
    format!("{holders} of {} guards", row.guards.len())
}

pub(super) fn run(json: bool, context: &Context) -> Result<(), Failure> {
    let database = database::existing(context)?;
    let keys = database.list_keys().map_err(Failure::failed)?;
    let guards = database.list_guards(context.clock.now()).map_err(Failure::failed)?;
    let list = KeyList::of(&keys, &guards, &key_policy(&context.settings));
    if json {
        return output::json(&list);
    }
    let cells = keys.iter().zip(&list.keys).map(|(key, row)| {
        let held = if key.state.published() { held(row) } else { String::new() };
        vec![row.kid.clone(), row.state.into(), output::time(row.since), next(key, row), held]
    });
    output::table(&["kid", "state", "since", "next", "held by"], cells)
}
