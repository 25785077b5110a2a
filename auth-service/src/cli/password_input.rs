//! Reads a password from the terminal, from standard input or from a file, never from the command
//! line, which every user of the machine can read.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;

use signet_files::text;
use signet_service::failure::Failure;
use zeroize::Zeroizing;

use super::hidden_input::HiddenInput;

/// The longest input, in bytes: the limit of a request's body.
const LONGEST: u64 = 16 * 1024;

/// Reads the password, without a byte order mark before it and one line end after it. On a
/// terminal, asks for it twice and shows nothing of it.
pub(super) fn read(file: Option<&Path>) -> Result<Zeroizing<String>, Failure> {
    let failed =
        |error: io::Error| Failure::failed(format_args!("can't read the password: {error}"));
    match file {
        Some(path) => File::open(path).and_then(read_from).map_err(failed),
        None if io::stdin().is_terminal() => {
            let input = HiddenInput::start().map_err(failed)?;
            let first = input.read_line("Password: ").map_err(failed)?;
            let second = input.read_line("The same again: ").map_err(failed)?;
            if first != second {
                return Err(Failure::failed("the two passwords differ; run the command again"));
            }
            Ok(first)
        }
        None => read_from(io::stdin().lock()).map_err(failed),
    }
}

fn read_from(reader: impl Read) -> io::Result<Zeroizing<String>> {
    let mut input = Zeroizing::new(Vec::with_capacity(1024));
    let length = reader.take(LONGEST + 1).read_to_end(&mut input)?;
    if u64::try_from(length).is_ok_and(|length| length > LONGEST) {
        return Err(io::Error::other("it is longer than 16 KiB"));
    }
    Ok(Zeroizing::new(text::without_line_end(text::decode(&input)?).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_mark_and_one_line_end_are_no_part_of_the_password() {
        let read = |input: &[u8]| {
            read_from(input).map(|password| password.to_string()).map_err(|e| e.to_string())
        };
        for (input, password) in [
            ("two words", "two words"),
            ("\u{feff}two words\r\n", "two words"),
            (" two words \n", " two words "),
            ("two\nlines\n\n", "two\nlines\n"),
            ("", ""),
        ] {
            assert_eq!(read(input.as_bytes()).as_deref(), Ok(password), "{input:?}");
        }
        assert!(read(b"\xff\xfea\0").expect_err("refused").contains("UTF-16"));
        assert!(read(b"\xe4").expect_err("refused").contains("not UTF-8"));
        assert!(read(&vec![b'a'; 16 * 1024]).is_ok());
        assert!(read(&vec![b'a'; 16 * 1024 + 1]).expect_err("refused").contains("16 KiB"));
    }
}
