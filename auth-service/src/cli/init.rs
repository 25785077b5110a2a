//! `init`: makes the missing parts, and prints what it did.

use signet_service::failure::Failure;

use super::{Context, database, output};
use crate::startup::first_start;

pub(super) fn run(context: &Context) -> Result<(), Failure> {
    let database = database::or_new(context)?;
    // All work comes before the output: failed output must not leave half of the work undone.
    let done = first_start::of_operator(&database, &context.settings, &context.act());
    let printed = output::line(&format!("the database is {}", context.settings.database));
    let done = done?;
    printed?;
    output::line(&done.join("\n"))
}
