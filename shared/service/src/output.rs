//! Standard output of commands. A reader that closes early, such as `head`, causes no error.

use std::io::{self, Write};

use serde::Serialize;

use super::failure::Failure;

/// Prints text and a line end.
pub fn line(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::failed(format_args!("can't write the output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints JSON for programs.
pub fn json(value: &impl Serialize) -> Result<(), Failure> {
    line(&serde_json::to_string_pretty(value).map_err(Failure::failed)?)
}
