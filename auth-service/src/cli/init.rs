//! `init`: makes the missing parts, and prints what it did.

use signet_service::failure::Failure;

use super::{Context, database, output};
use auth_app::first_start;

pub(super) fn run(context: &Context) -> Result<(), Failure> {
    let store = database::or_new(context)?;
    let settings = &context.settings;
    // All work comes before the output: failed output must not leave half of the work undone.
    let done = first_start::init(&store, &settings.keys_dir, settings.key_bits, &context.act());
    let printed = output::line(&format!("the database is {}", settings.database));
    let done = done.map_err(Failure::failed)?;
    printed?;
    output::line(&done.join("\n"))
}
