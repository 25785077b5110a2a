//! `init`: makes what is missing, and says what it did.

use shared::service::failure::Failure;

use super::{Context, database, output};
use crate::startup::first_start;

pub(super) fn run(context: &Context) -> Result<(), Failure> {
    let database = database::or_new(context)?;
    output::line(&format!("the database is {}", context.settings.database))?;
    for line in first_start::of_operator(&database, &context.settings, &context.act())? {
        output::line(&line)?;
    }
    Ok(())
}
