//! The failure of a command: one line for the operator, and the exit status of its kind.

use std::fmt::Display;
use std::process::ExitCode;

use super::settings::SettingError;
use super::telemetry;

/// The reason for which a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A setting has an invalid value. Exit status 64.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// Any other failure: a port in use, an unwritable folder, an unknown user. Exit status 1.
    #[error("{0}")]
    Failed(String),
}

impl Failure {
    /// Creates a [`Failure::Failed`] from a one-line text.
    pub fn failed(line: impl Display) -> Self {
        Self::Failed(line.to_string())
    }

    /// Prints the line to standard error, after the program's name, and returns the exit status.
    /// The status is the same if standard error is broken.
    pub fn report(&self, program: &str) -> ExitCode {
        telemetry::print_line(&format!("{program}: {self}"));
        match self {
            Self::Setting(_) => ExitCode::from(64),
            Self::Failed(_) => ExitCode::from(1),
        }
    }
}

/// Prints clap's text in place of a command: an error about arguments, a help text or a version.
/// Returns the exit status, which is the same if the text can't be printed.
pub fn print_refused_arguments(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        drop(error.print());
        return ExitCode::SUCCESS;
    }
    // `print` would block forever if the reader has stopped.
    telemetry::print_line(error.render().to_string().trim_end());
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}
