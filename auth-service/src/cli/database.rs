//! Opens the database for a command, also beside a running server.

use std::sync::Arc;

use signet_service::failure::Failure;

use super::Context;
use auth_store::{Existence, Store};

/// Opens the database, and creates it if it does not exist.
pub(super) fn or_new(context: &Context) -> Result<Arc<Store>, Failure> {
    open(context, Existence::Create)
}

/// Opens the database. A missing one is an error.
pub(super) fn existing(context: &Context) -> Result<Arc<Store>, Failure> {
    open(context, Existence::Expect)
}

fn open(context: &Context, existence: Existence) -> Result<Arc<Store>, Failure> {
    let now = context.clock.now();
    Store::open(&context.settings.database, existence, now).map_err(Failure::failed)
}
