//! `keys plan`: the scheduled changes of the keys and their times.

use signet_service::failure::Failure;

use super::super::{Context, database, output};
use crate::startup::keys::policy;
use auth_app::keys::plan_keys;

const HEADER: [&str; 7] = [
    "kid",
    "state",
    "published",
    "signs from",
    "active until",
    "leaves the JWKS",
    "safe to delete",
];

pub(super) fn run(json: bool, context: &Context) -> Result<(), Failure> {
    let store = database::existing(context)?;
    let plan = plan_keys(&store, &policy(&context.settings), context.clock.now());
    let plan = plan.map_err(Failure::failed)?;
    if json {
        return output::json(&plan);
    }
    let cells = plan.keys.into_iter().map(|row| {
        let times = [
            row.published_at,
            row.signs_at,
            row.active_until,
            row.leaves_jwks_at,
            row.safe_to_delete_at,
        ];
        let times = times.map(|at| at.map_or_else(String::new, output::time));
        [row.kid, row.state.to_owned()].into_iter().chain(times).collect()
    });
    output::table(&HEADER, cells)?;
    output::line(&format!("\n{}", plan.note))
}
