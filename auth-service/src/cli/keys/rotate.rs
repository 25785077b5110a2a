//! `keys rotate`.

use serde::Serialize;
use shared::service::failure::Failure;

use super::super::{Context, database, output};
use super::{full, rotator};
use crate::domain::keys::{KeyState, KeyStore, Rotated, lead_ends};
use crate::startup::key_policy;

#[derive(Serialize)]
struct Told {
    kid: String,
    state: &'static str,
    signs_at: String,
}

pub(super) fn run(immediate: bool, json: bool, context: &Context) -> Result<(), Failure> {
    let database = database::existing(context)?;
    let (act, policy) = (context.act(), key_policy(&context.settings));
    let rotated = rotator(context).rotate(&*database, immediate, &act).map_err(Failure::failed)?;
    let Rotated::To(key) = rotated else {
        return Err(full(&database.list_keys().map_err(Failure::failed)?, &policy));
    };
    let signs = key.state == KeyState::Active;
    let signs_at = match lead_ends(&key, &policy) {
        _ if signs => key.since,
        Some(at) => at,
        // A running server serves it within a moment.
        None => act.at + policy.lead(),
    };
    let signs_at = output::time(signs_at);
    if json {
        return output::json(&Told { kid: key.kid, state: key.state.word(), signs_at });
    }
    if signs {
        return output::line(&format!("{} signs from now on", key.kid));
    }
    output::line(&format!(
        "{} is published; it signs at {signs_at} if every guard holds it by then",
        key.kid
    ))
}
