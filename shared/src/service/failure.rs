//! How a command fails: one line for the operator, and the exit status that says what kind it was.

use std::fmt::Display;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use super::settings::SettingError;
use super::telemetry;

/// The longest wait of a refused command line for the reader of standard error.
const PRINT_LIMIT: Duration = Duration::from_secs(1);

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

    /// Prints the line to standard error, behind the program's name, and gives the exit status. The
    /// status is the same if standard error is broken.
    pub fn report(&self, program: &str) -> ExitCode {
        telemetry::print_line(&format!("{program}: {self}"));
        match self {
            Self::Setting(_) => ExitCode::from(64),
            Self::Failed(_) => ExitCode::from(1),
        }
    }
}

/// Prints what clap answers instead of a command: wrong arguments, a help text or a version. Returns
/// the exit status, which is the same if the text can't be printed.
pub fn print_refused_arguments(error: clap::Error) -> ExitCode {
    if !error.use_stderr() {
        drop(error.print());
        return ExitCode::SUCCESS;
    }
    let status = u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from);
    // A stopped reader blocks the write for ever, so another thread does the write.
    let (done, printed) = mpsc::channel();
    let print = move || {
        drop(error.print());
        let _ = done.send(());
    };
    if std::thread::Builder::new().spawn(print).is_ok() {
        let _ = printed.recv_timeout(PRINT_LIMIT);
    }
    status
}
