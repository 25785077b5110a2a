//! `health`: asks the management listener of a running server, for container health checks.

use std::net::SocketAddr;

use shared::service::failure::Failure;
use shared::service::probe;

use super::output;

pub(super) fn run(management: SocketAddr) -> Result<(), Failure> {
    let answer = probe::get(management, "/health/ready")
        .map_err(|error| Failure::failed(format_args!("no answer from {management}: {error}")))?;
    match answer.status {
        200 => output::line(&answer.body),
        _ => Err(Failure::failed(format_args!("not ready: {}", answer.body.escape_debug()))),
    }
}
