//! `init`: makes what is missing, and says what it did.

use shared::service::failure::Failure;

use super::{Context, database, output};
use crate::settings;
use crate::startup::first_start;

pub(super) fn run(context: &Context) -> Result<(), Failure> {
    let database = database::or_new(context)?;
    let settings::Database::Sqlite(file) = &context.settings.database;
    output::line(&format!("the database is {}", file.display()))?;
    for line in first_start::of_operator(&database, &context.settings, context.clock.now())? {
        output::line(&line)?;
    }
    Ok(())
}
