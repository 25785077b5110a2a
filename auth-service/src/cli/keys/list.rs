//! `keys list`.

use signet_service::failure::Failure;

use super::super::{Context, database, output};
use crate::startup::keys::policy;
use auth_app::keys::{self, KeyEntry};
use auth_domain::keys::KeyState;

/// Describes the next change of a key.
fn next(row: &KeyEntry) -> String {
    match (row.state, row.next.map(output::time)) {
        (KeyState::Pending, Some(at)) => format!("signs at {at}"),
        (KeyState::Pending, None) => "is the standby key".into(),
        (KeyState::Active, Some(at)) => format!("is replaced at {at}"),
        (KeyState::Retiring, Some(at)) => format!("leaves the key set at {at}"),
        _ => String::new(),
    }
}

fn held(row: &KeyEntry) -> String {
    if !row.state.published() {
        return String::new();
    }
    let holders = row.guards.iter().filter(|guard| guard.holds).count();
    format!("{holders} of {} guards", row.guards.len())
}

pub(super) fn run(json: bool, context: &Context) -> Result<(), Failure> {
    let store = database::existing(context)?;
    let list = keys::list_keys(&store, &policy(&context.settings), context.clock.now());
    let list = list.map_err(Failure::failed)?;
    if json {
        return output::json(&list);
    }
    let cells = list.keys.into_iter().map(|row| {
        let (next, held) = (next(&row), held(&row));
        vec![row.kid, row.state.word().into(), output::time(row.since), next, held]
    });
    output::table(&["kid", "state", "since", "next", "held by"], cells)
}
