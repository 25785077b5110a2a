//! Other people's programs against a running pair: Python and JavaScript clients, each a small
//! script of `end-to-end/clients`, with the packages that `scripts/install-test-tools` laid down in
//! the target directory.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::binaries;
use crate::process::{Launch, Process};

/// Where the installed packages lie.
fn installed() -> PathBuf {
    let clients = binaries::target().join("test-clients");
    assert!(
        clients.join("installed").is_file(),
        "{} is not complete. Install it first: scripts/install-test-tools",
        clients.display()
    );
    clients
}

/// A script of `end-to-end/clients`.
fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../clients").join(name)
}

/// Runs a Python script with `input` as JSON on its standard input; gives the JSON that it prints.
pub fn python(name: &str, input: &Value) -> Value {
    let mut command = Command::new(installed().join("venv/bin/python"));
    command.arg(script(name));
    answer(name, command, &input.to_string())
}

/// Starts a Python script with these arguments and no settings of the tester's own; what it prints
/// goes to the file `log`.
pub fn python_server(name: &str, arguments: &[&str], log: &Path) -> Process {
    let script = script(name).to_string_lossy().into_owned();
    let launch = Launch {
        program: installed().join("venv/bin/python"),
        folder: log.parent().expect("a folder").to_owned(),
        environment: Vec::new(),
    };
    launch.spawn(&[&[&*script][..], arguments].concat(), log)
}

/// Runs a JavaScript module with `input` as JSON for its argument; gives the JSON that it prints.
pub fn node(name: &str, input: &Value) -> Value {
    // A module finds packages from where it lies. One read from standard input lies in the working
    // directory, and the packages of the tests are not beside the sources.
    let text = std::fs::read_to_string(script(name)).expect("a script");
    let mut command = Command::new("node");
    command.args(["--input-type=module", "-", &input.to_string()]).current_dir(installed());
    answer(name, command, &text)
}

#[expect(clippy::disallowed_methods, reason = "where Node.js lies is the tester's affair")]
fn answer(name: &str, mut command: Command, input: &str) -> Value {
    use std::io::Write;
    let mut child = command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        // Advice for developers of other programs is no part of an answer.
        .env("PYTHONWARNINGS", "ignore")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{name} does not start: {error}"));
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(input.as_bytes()).expect("it reads its input");
    drop(stdin);
    let ended = child.wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{name}: {told}");
    serde_json::from_slice(&ended.stdout).unwrap_or_else(|error| panic!("{name}: {error}: {told}"))
}
