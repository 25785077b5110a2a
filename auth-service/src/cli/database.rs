//! Opening the database for a command. It works beside a running server.

use std::sync::Arc;

use signet_service::failure::Failure;

use super::Context;
use auth_store::{Database, Existence};

/// The database that a command adds to: made if it does not exist.
pub(super) fn or_new(context: &Context) -> Result<Arc<Database>, Failure> {
    open(context, Existence::Create)
}

/// The database that a command reads or mends: a missing one is an error.
pub(super) fn existing(context: &Context) -> Result<Arc<Database>, Failure> {
    open(context, Existence::Expect)
}

fn open(context: &Context, existence: Existence) -> Result<Arc<Database>, Failure> {
    let now = context.clock.now();
    Database::open(&context.settings.database, existence, now).map_err(Failure::failed)
}
