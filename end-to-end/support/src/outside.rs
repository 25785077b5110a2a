//! Programs of other authors against a running pair: Python and JavaScript clients. Each is a small
//! script of `end-to-end/clients`, with packages that `scripts/install-test-tools` installed in the
//! target directory.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::binaries;
use crate::process::{Launch, Process};

/// The folder of the installed packages.
pub(crate) fn installed() -> PathBuf {
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

/// Runs a Python script with `input` as JSON on its standard input; returns its JSON output.
pub fn python(name: &str, input: &Value) -> Value {
    let mut command = Command::new(installed().join("venv/bin/python"));
    command.arg(script(name));
    answer(name, command, &input.to_string())
}

/// Runs Schemathesis on the description at `url` with these callers for its hooks, and with files of
/// its own in `folder`.
///
/// # Panics
///
/// If a check failed, with the report.
pub fn schemathesis(url: &str, arguments: &[&str], callers: &Value, folder: &Path) {
    let config = script("schemathesis.toml");
    let launch = Launch {
        program: installed().join("venv/bin/python"),
        folder: folder.to_owned(),
        environment: vec![
            ("SCHEMATHESIS_HOOKS".into(), script("schemathesis_hooks.py").display().to_string()),
            ("SIGNET_CALLERS".into(), callers.to_string()),
            ("PYTHONDONTWRITEBYTECODE".into(), "1".into()),
        ],
    };
    let config = config.to_string_lossy();
    let run = ["-m", "schemathesis.cli", "--config-file", &config, "run", url, "--no-color"];
    let ended = launch.run(&[&run, arguments].concat());
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.out, ended.err);
}

/// Starts a Python script with these arguments and an empty environment apart from `PATH`. Its
/// output goes to the file `log`.
pub fn python_server(name: &str, arguments: &[&str], log: &Path) -> Process {
    let script = script(name).to_string_lossy().into_owned();
    let launch = Launch {
        program: installed().join("venv/bin/python"),
        folder: log.parent().expect("a folder").to_owned(),
        environment: Vec::new(),
    };
    launch.spawn(&[&[&*script][..], arguments].concat(), log)
}

/// Starts a JavaScript module with `input` as JSON for its argument. Its output goes to the file
/// `log`.
pub fn node_server(name: &str, input: &Value, log: &Path) -> Process {
    let text = std::fs::read_to_string(script(name)).expect("a script");
    // Node.js looks for packages from the working directory if a module is no file.
    let launch = Launch { program: "node".into(), folder: installed(), environment: Vec::new() };
    launch.spawn(&["--input-type=module", "--eval", &text, &input.to_string()], log)
}

/// Compiles a Go program and starts it with one argument. Its files and its output are in `folder`.
pub fn go_server(source: &Path, argument: &str, folder: &Path) -> Process {
    let home = folder.join("go");
    std::fs::create_dir_all(&home).expect("a folder");
    let environment = vec![
        ("HOME".into(), home.to_string_lossy().into_owned()),
        ("CGO_ENABLED".into(), "0".into()),
    ];
    let mut launch = Launch { program: "go".into(), folder: home, environment };
    launch.run(&["build", "-o", "server", &source.to_string_lossy()]).done();
    launch.program = launch.folder.join("server");
    launch.spawn(&[argument], &folder.join("go.log"))
}

/// Runs a JavaScript module with `input` as JSON for its argument; returns the JSON that it prints.
pub fn node(name: &str, input: &Value) -> Value {
    // Node.js looks for packages from the module's folder. For a module on standard input that is
    // the working directory. The packages are not beside the sources.
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
        // Warnings for the developers of the script's packages are not part of the answer.
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
