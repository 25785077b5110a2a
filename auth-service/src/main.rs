//! The program `auth-service`.

use std::process::ExitCode;

use signet_service::core_dumps;

fn main() -> ExitCode {
    core_dumps::forbid();
    auth_service::cli::run()
}
