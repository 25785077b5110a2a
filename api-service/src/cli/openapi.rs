//! `openapi`: the API description, as `GET /openapi.json` gives it.

use clap::Command;
use shared::service::failure::Failure;

use super::print;
use crate::http;

pub(super) const NAME: &str = "openapi";

pub(super) fn command() -> Command {
    Command::new(NAME).about("Prints the API description (OpenAPI 3.1)")
}

pub(super) fn run() -> Result<(), Failure> {
    print(&http::openapi().map_err(Failure::failed)?)
}
