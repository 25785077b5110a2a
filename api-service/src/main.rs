//! The binary: hands the command line to the library.

use std::process::ExitCode;

use shared::service::core_dumps;
use shared::service::settings::ProcessEnvironment;

fn main() -> ExitCode {
    core_dumps::forbid();
    api_service::cli::run(std::env::args_os(), &ProcessEnvironment)
}
