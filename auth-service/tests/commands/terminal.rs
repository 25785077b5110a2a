//! `users create` on a terminal, where people type the password.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Termios, tcgetattr};
use support::poll;

use crate::folder::Folder;

const PASSWORD: &str = "a long enough sentence";
const CREATE: &str = "users create --name Ann --email ann@example.org";
const LIMIT: Duration = Duration::from_secs(30);

/// A pseudo-terminal, and the program that runs on it.
struct Terminal {
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    shown: String,
    line: OwnedFd,
    /// The modes before the program starts.
    before: Termios,
    child: Child,
}

impl Terminal {
    fn run(folder: &Folder) -> Self {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&keyboard).expect("granted");
        unlockpt(&keyboard).expect("unlocked");
        let name = ptsname(&keyboard, Vec::new()).expect("a name");
        let line = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty());
        let line = line.expect("the other end");
        let before = tcgetattr(&line).expect("modes");
        let copy = || line.try_clone().expect("a copy");
        let child = folder.program(CREATE).stdin(copy()).stdout(copy()).stderr(copy()).spawn();
        let keyboard = File::from(keyboard);
        let mut reader = keyboard.try_clone().expect("a copy");
        let (sender, screen) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 256];
            while let Ok(length) = reader.read(&mut bytes) {
                if sender.send(bytes[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            keyboard,
            screen,
            shown: String::new(),
            line,
            before,
            child: child.expect("started"),
        }
    }

    /// Waits until the terminal shows `text` after what it showed before.
    fn wait_for(&mut self, text: &str) {
        let deadline = Instant::now() + LIMIT;
        let begun = self.shown.len();
        while !self.shown[begun..].contains(text) {
            let left = deadline.saturating_duration_since(Instant::now());
            let bytes = self.screen.recv_timeout(left);
            assert!(bytes.is_ok(), "no `{text}` in {:?}", self.shown);
            self.shown += &String::from_utf8(bytes.expect("bytes")).expect("UTF-8");
        }
    }

    fn enter(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("typed");
    }

    fn modes(&self) -> Termios {
        tcgetattr(&self.line).expect("modes")
    }

    fn end(&mut self) -> ExitStatus {
        let ended = || self.child.try_wait().expect("a state");
        poll::wait_for("the command ends", LIMIT, ended)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn typed_password_is_asked_for_twice_and_never_shown() {
    let folder = Folder::new();
    let mut terminal = Terminal::run(&folder);
    terminal.wait_for("Password: ");
    assert!(!terminal.modes().local_modes.contains(LocalModes::ECHO));
    // A key for corrections.
    terminal.enter(&format!("{PASSWORD}x\u{7f}\n"));
    terminal.wait_for("again: ");
    terminal.enter(&format!("{PASSWORD}\n"));
    // The user's id.
    terminal.wait_for("-");
    assert!(terminal.end().success(), "{}", terminal.shown);
    assert!(!terminal.shown.contains("sentence"), "{}", terminal.shown);
    assert!(terminal.modes().local_modes.contains(LocalModes::ECHO));
    assert_eq!(folder.run("users list --json").json()["users"][0]["name"], "Ann");
}

#[test]
fn two_pasted_lines_are_two_answers() {
    let folder = Folder::new();
    let mut terminal = Terminal::run(&folder);
    terminal.wait_for("Password: ");
    terminal.enter(&format!("{PASSWORD}\n{PASSWORD}\n"));
    terminal.wait_for("-");
    assert!(terminal.end().success(), "{}", terminal.shown);
    assert!(!terminal.shown.contains("sentence"), "{}", terminal.shown);
}

#[test]
fn two_different_passwords_are_refused() {
    let folder = Folder::new();
    let mut terminal = Terminal::run(&folder);
    terminal.wait_for("Password: ");
    terminal.enter(&format!("{PASSWORD}\n"));
    terminal.wait_for("again: ");
    terminal.enter("another long sentence\n");
    terminal.wait_for("the two passwords differ");
    assert_eq!(terminal.end().code(), Some(1));
    assert!(!terminal.shown.contains("sentence"), "{}", terminal.shown);
    assert!(folder.files().is_empty(), "no database is made");
}

#[test]
fn interrupted_input_restores_the_terminal() {
    // Ctrl-C, Ctrl-\, Ctrl-D, Ctrl-Z with the end of the line.
    for (keys, told) in [
        ("\u{3}", "interrupted"),
        ("half of it\u{3}", "interrupted"),
        ("\u{1c}", "interrupted"),
        ("\u{1a}\n", "interrupted"),
        ("\u{4}", "the input ended"),
        ("half of it\u{4}", "the input ended"),
    ] {
        let folder = Folder::new();
        let mut terminal = Terminal::run(&folder);
        terminal.wait_for("Password: ");
        terminal.enter(keys);
        terminal.wait_for(told);
        assert_eq!(terminal.end().code(), Some(1), "{keys:?}");
        let (before, after) = (&terminal.before, &terminal.modes());
        assert_eq!(after.local_modes, before.local_modes, "{keys:?}");
        let codes = |modes: &Termios| format!("{:?}", modes.special_codes);
        assert_eq!(codes(after), codes(before), "{keys:?}");
        assert!(!terminal.shown.contains("half"), "{}", terminal.shown);
    }
}
