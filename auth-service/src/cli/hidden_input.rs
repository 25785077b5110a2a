//! Reads lines from the terminal without showing them.
//!
//! The terminal collects a line, so its keys for corrections work. Its keys for signals end the
//! line instead: a signal would end this process before it restores the terminal.

use std::io::{self, Error, ErrorKind, Stdin, Write};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use zeroize::Zeroizing;

/// The bytes of a line that the terminal can hold. It drops the rest of a longer line.
const LONGEST: usize = 4096;

/// A terminal on standard input that shows no input, until it is dropped.
pub(super) struct HiddenInput {
    stdin: Stdin,
    before: Termios,
    /// The keys for signals.
    interrupts: [u8; 3],
}

impl HiddenInput {
    /// Hides the input of the terminal on standard input.
    pub(super) fn start() -> io::Result<Self> {
        let stdin = io::stdin();
        let before = tcgetattr(&stdin)?;
        let keys = [SpecialCodeIndex::VINTR, SpecialCodeIndex::VQUIT, SpecialCodeIndex::VSUSP];
        let interrupts = keys.map(|key| before.special_codes[key]);
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ISIG);
        hidden.local_modes.insert(LocalModes::ICANON);
        hidden.special_codes[SpecialCodeIndex::VEOL] = interrupts[0];
        hidden.special_codes[SpecialCodeIndex::VEOL2] = interrupts[1];
        let input = Self { stdin, before, interrupts };
        tcsetattr(&input.stdin, OptionalActions::Now, &hidden)?;
        Ok(input)
    }

    /// Prints `prompt` on standard error and reads a line. Returns the line without its end.
    ///
    /// # Errors
    ///
    /// The input ends or is interrupted (Ctrl-C), or the line is too long or not UTF-8.
    pub(super) fn read_line(&self, prompt: &str) -> io::Result<Zeroizing<String>> {
        let mut stderr = io::stderr().lock();
        stderr.write_all(prompt.as_bytes())?;
        // One read returns one line. The buffer of `Stdin` would keep a copy of the password.
        let mut line = Zeroizing::new([0; LONGEST]);
        let read = rustix::io::retry_on_intr(|| rustix::io::read(&self.stdin, &mut line[..]));
        stderr.write_all(b"\n")?;
        let line = &line[..read?];
        if line.iter().any(|byte| *byte != 0 && self.interrupts.contains(byte)) {
            return Err(Error::new(ErrorKind::Interrupted, "interrupted"));
        }
        let Some(line) = line.strip_suffix(b"\n") else {
            return Err(Error::new(ErrorKind::UnexpectedEof, "the input ended within the line"));
        };
        if line.len() + 1 == LONGEST {
            return Err(Error::other("the line is too long for a terminal; use --password-file"));
        }
        let text = std::str::from_utf8(line).map_err(|_| Error::other("it is not UTF-8"))?;
        Ok(Zeroizing::new(text.to_owned()))
    }
}

impl Drop for HiddenInput {
    fn drop(&mut self) {
        // Without a terminal, there is nothing to restore.
        let _ = tcsetattr(&self.stdin, OptionalActions::Now, &self.before);
    }
}
