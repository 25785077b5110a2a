//! How a command fails: one line for the operator, and the exit status that says what kind it was.
//!
//! Wrong arguments (status 2) never come here: clap ends the process for them.

use std::fmt::Display;
use std::process::ExitCode;

use super::settings::SettingError;

/// Why a command ended without doing its work.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A setting has a value that no such setting can take. Exit status 64.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// Everything else: a taken port, an unwritable folder, an unknown user. Exit status 1.
    #[error("{0}")]
    Failed(String),
}

impl Failure {
    /// A failure of the second kind, from anything that reads as one line.
    pub fn failed(line: impl Display) -> Self {
        Self::Failed(line.to_string())
    }

    /// Prints the line to standard error, behind the program's name, and gives the exit status.
    #[expect(clippy::print_stderr, reason = "a failed command speaks to the person who typed it")]
    pub fn report(&self, program: &str) -> ExitCode {
        eprintln!("{program}: {self}");
        match self {
            Self::Setting(_) => ExitCode::from(64),
            Self::Failed(_) => ExitCode::from(1),
        }
    }
}
