//! Reads a password from standard input or a file, never from the command line, which every user of
//! the machine can read.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use signet_service::failure::Failure;
use zeroize::Zeroizing;

/// The longest input, in bytes: the limit of a request's body.
const LONGEST: u64 = 16 * 1024;

/// Reads the password, without one line end after it.
pub(super) fn read(file: Option<&Path>) -> Result<Zeroizing<String>, Failure> {
    let failed =
        |error: io::Error| Failure::failed(format_args!("can't read the password: {error}"));
    let mut text = Zeroizing::new(String::with_capacity(1024));
    let read = match file {
        Some(path) => File::open(path).map_err(failed)?.take(LONGEST + 1).read_to_string(&mut text),
        None => io::stdin().lock().take(LONGEST + 1).read_to_string(&mut text),
    };
    let length = read.map_err(failed)?;
    if u64::try_from(length).is_ok_and(|length| length > LONGEST) {
        return Err(Failure::failed("the password is longer than 16 KiB"));
    }
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}
