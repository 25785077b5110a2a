//! `keys rotate`.

use signet_service::failure::Failure;

use super::super::{Context, database, output};
use super::rotator;
use crate::startup::key_policy;
use auth_app::listing::keys::Rotation;
use auth_domain::keys::KeyState;

pub(super) fn run(immediate: bool, json: bool, context: &Context) -> Result<(), Failure> {
    let database = database::existing(context)?;
    let (act, policy) = (context.act(), key_policy(&context.settings));
    let rotated = rotator(context).rotate_keys(&database, immediate, &act);
    let key = rotated.map_err(Failure::failed)?;
    let signs = key.state == KeyState::Active;
    let rotation = Rotation::to(key, &policy, act.at);
    if json {
        return output::json(&rotation);
    }
    let Rotation { kid, signs_at, .. } = rotation;
    if signs {
        return output::line(&format!("{kid} signs from now on"));
    }
    let signs_at = output::time(signs_at);
    output::line(&format!(
        "{kid} is published; it signs at {signs_at} if every guard holds it by then"
    ))
}
