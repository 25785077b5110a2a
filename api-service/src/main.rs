//! The program `api-service`.

use std::process::ExitCode;

use signet_service::core_dumps;

fn main() -> ExitCode {
    core_dumps::forbid();
    api_service::cli::run()
}
