//! `init`: makes the missing parts, and prints what it did.

use signet_service::failure::Failure;

use super::{Context, database, output};
use crate::startup::{self, keys::rotator};
use auth_app::first_start::FirstStart;

pub(super) fn run(context: &Context) -> Result<(), Failure> {
    let settings = &context.settings;
    startup::check_new(settings)?;
    let store = database::or_new(context)?;
    // All work comes before the output: failed output must not leave half of the work undone.
    let rotator = rotator(settings);
    let first_start = FirstStart {
        store: &store,
        rotator: &rotator,
        keys_dir: &settings.keys_dir,
        key_bits: settings.key_bits,
        act: &context.act(),
    };
    let done = first_start.init();
    let printed = output::line(&format!("the database is {}", settings.database));
    let done = done.map_err(Failure::failed)?;
    printed?;
    output::line(&done.join("\n"))
}
