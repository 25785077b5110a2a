//! Key files for tests, made by the programs that people use. None of them is ever in git.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use super::super::{PrivateKey, generate};
use crate::signing::KeyBits;

/// Returns a key that tests share: making one takes a while.
pub(super) fn shared_key() -> PrivateKey {
    static PEM: LazyLock<String> = LazyLock::new(new_pem);
    PrivateKey::from_pem(PEM.as_bytes()).expect("a key")
}

/// Makes a key of 2048 bits.
pub(super) fn new_key() -> PrivateKey {
    generate(KeyBits::B2048).expect("a key")
}

fn new_pem() -> String {
    new_key().pem().to_string()
}

/// Runs a program in `folder`; returns true if it is installed.
///
/// # Panics
///
/// The program is installed and fails.
pub(super) fn ran(folder: &Path, program: &str, arguments: &str) -> bool {
    let mut command = Command::new(program);
    // An empty argument is written as ''.
    let arguments = arguments.split(' ').map(|argument| argument.trim_matches('\''));
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    let Ok(output) = command.output() else {
        eprintln!("skipped: {program} is not installed");
        return false;
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    true
}

/// Returns the output of a program run in `folder`.
pub(super) fn printed(folder: &Path, program: &str, arguments: &str) -> String {
    let output = Command::new(program)
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()
        .expect("installed");
    assert!(output.status.success(), "{program} {arguments}");
    String::from_utf8(output.stdout).expect("text")
}
