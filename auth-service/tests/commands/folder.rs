//! A separate working directory for each test, and the program run in it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_auth-service");

/// An empty working directory.
pub(crate) struct Folder(tempfile::TempDir);

/// The result of a command.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) errors: String,
}

impl Outcome {
    /// Asserts success and returns the output.
    pub(crate) fn done(self) -> String {
        assert_eq!(self.status, 0, "{self:?}");
        self.out
    }

    /// Asserts this status and returns the one line of the error.
    pub(crate) fn failed(self, status: i32) -> String {
        assert_eq!((self.status, self.errors.lines().count()), (status, 1), "{self:?}");
        assert!(self.errors.starts_with("auth-service: "), "{self:?}");
        self.errors
    }

    /// Asserts success and returns the output as JSON.
    pub(crate) fn json(self) -> serde_json::Value {
        serde_json::from_str(&self.done()).expect("JSON")
    }
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Returns the program with small keys and without settings of the environment.
    pub(crate) fn program(&self, arguments: &str) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .args(arguments.split_whitespace())
            .current_dir(self.path())
            .env_clear()
            .env("AUTH_KEY_BITS", "2048")
            .env("AUTH_BIND", "127.0.0.1:0")
            .env("AUTH_MANAGEMENT_BIND", "127.0.0.1:0");
        command
    }

    pub(crate) fn run(&self, arguments: &str) -> Outcome {
        self.run_with(arguments, "")
    }

    /// Runs the program with `input` on standard input.
    pub(crate) fn run_with(&self, arguments: &str, input: &str) -> Outcome {
        outcome(&mut self.program(arguments), input)
    }

    /// Returns every file in the folder with its permission bits, sorted by path.
    pub(crate) fn files(&self) -> Vec<(PathBuf, u32)> {
        let mut found = Vec::new();
        collect(self.path(), &mut found);
        found.sort();
        found
    }
}

/// Runs a command to its end.
pub(crate) fn outcome(command: &mut Command, input: &str) -> Outcome {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("started");
    // A command that reads no input may have ended already.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("ended");
    Outcome {
        status: output.status.code().expect("a status"),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        errors: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

fn collect(folder: &Path, found: &mut Vec<(PathBuf, u32)>) {
    use std::os::unix::fs::PermissionsExt;
    for entry in std::fs::read_dir(folder).expect("listed") {
        let path = entry.expect("an entry").path();
        let mode = path.metadata().expect("metadata").permissions().mode() & 0o777;
        if path.is_dir() {
            assert_eq!(mode & 0o077, 0, "{}", path.display());
            collect(&path, found);
        } else {
            found.push((path, mode));
        }
    }
}
