//! `serve`: the service itself, until SIGTERM or Ctrl-C.

use clap::Command;
use shared::service::failure::Failure;
use shared::service::settings::Environment;
use shared::service::telemetry;

use crate::settings::Settings;
use crate::startup;

pub(super) const NAME: &str = "serve";

pub(super) fn command() -> Command {
    Command::new(NAME).about("Serves clients until SIGTERM or Ctrl-C")
}

pub(super) fn run(settings: Settings, environment: &dyn Environment) -> Result<(), Failure> {
    telemetry::start(environment.var("RUST_LOG").ok().flatten().as_deref());
    startup::run(settings)
}
