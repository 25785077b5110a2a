//! `health`: whether the service running here is ready, as an exit status for a container.

use clap::Command;
use shared::service::failure::Failure;
use shared::service::probe;

use super::print;
use crate::settings::Settings;

pub(super) const NAME: &str = "health";

pub(super) fn command() -> Command {
    Command::new(NAME).about("Asks the running service whether it is ready; exit status 0 or 1")
}

pub(super) fn run(settings: &Settings) -> Result<(), Failure> {
    let address = settings.management_bind;
    let answer = probe::get(address, "/health/ready")
        .map_err(|error| Failure::failed(format_args!("no answer from {address}: {error}")))?;
    if answer.status == 200 {
        print(&answer.body)
    } else {
        Err(Failure::failed(format_args!("not ready: {}", answer.body.escape_debug())))
    }
}
