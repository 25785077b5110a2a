//! One process under test: started with a known environment, signalled, measured, ended on drop.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use crate::poll;

/// The program, folder and environment of a process.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The program.
    pub program: PathBuf,
    /// The working directory; a `.env` in it is read.
    pub folder: PathBuf,
    /// The whole environment but for `PATH`.
    pub environment: Vec<(String, String)>,
}

impl Launch {
    /// Sets an environment variable.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .envs(self.environment.iter().cloned());
        command
    }

    /// Runs the program to its end, with `input` on its standard input.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Ended {
        use std::io::Write;
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        // A program that reads no input may have ended already.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        Ended::from(child.wait_with_output().expect("the program ends"))
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with(arguments, "")
    }

    /// Runs a program that may fail to end; it gets 20 s.
    pub fn run_briefly(&self, arguments: &[&str]) -> Ended {
        let log = self.folder.join("brief.log");
        // The log of an earlier start must not remain.
        let _ = fs::remove_file(&log);
        let mut process = self.spawn(arguments, &log);
        let status = process.wait(Duration::from_secs(20));
        let text = fs::read_to_string(&log).expect("a log");
        Ended { code: status.code(), out: String::new(), err: text }
    }

    /// Starts the program in the background; its output is appended to the file `log`.
    pub fn spawn(&self, arguments: &[&str], log: &Path) -> Process {
        let open = || File::options().create(true).append(true).open(log).expect("a log file");
        self.spawn_with(arguments, open(), open())
    }

    /// Starts the program in the background with this standard output and standard error.
    pub fn spawn_with(
        &self,
        arguments: &[&str],
        stdout: impl Into<Stdio>,
        stderr: impl Into<Stdio>,
    ) -> Process {
        let child = self
            .command(arguments)
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .expect("the program starts");
        Process { child, ended: None }
    }
}

/// The result of a command.
#[derive(Debug)]
pub struct Ended {
    /// The exit status; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ended {
    /// Asserts that the command succeeded.
    pub fn done(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }

    /// Asserts a failed start: this status, and a last line that holds `word`. Log lines may come
    /// before it.
    #[track_caller]
    pub fn failed_in_log(&self, code: i32, word: &str) {
        assert_eq!(self.code, Some(code), "{self:?}");
        let line = self.err.lines().last().unwrap_or_default();
        assert!(line.contains(word), "the last line does not hold `{word}`: {self:?}");
    }

    /// Asserts a failure with this status and one line that holds each of `words`.
    #[track_caller]
    pub fn failed_with(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        let lines: Vec<_> = self.err.lines().collect();
        assert_eq!(lines.len(), 1, "one line is told: {self:?}");
        for word in words {
            assert!(lines.iter().any(|line| line.contains(word)), "no `{word}` in {self:?}");
        }
    }
}

/// A running program, killed on drop.
#[derive(Debug)]
pub struct Process {
    child: Child,
    ended: Option<ExitStatus>,
}

impl Process {
    /// A program that was started in another way.
    pub(crate) fn of(child: Child) -> Self {
        Self { child, ended: None }
    }

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The exit status, if it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().expect("the state of a child");
        }
        self.ended
    }

    /// Waits until the process ends.
    pub fn wait(&mut self, limit: Duration) -> ExitStatus {
        poll::wait_for("the process ends", limit, || self.ended())
    }

    /// Sends a signal by its name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.id().to_string()]).status();
        assert!(sent.expect("kill runs").success(), "signal {name} was not sent");
    }

    /// The peak of its memory, in KiB (`VmHWM`).
    pub fn peak_memory_kib(&self) -> u64 {
        self.status("VmHWM:")
    }

    /// Limits the size of the files that it writes, in bytes (`ulimit -f`).
    pub fn limit_file_size(&self, bytes: u64) {
        let limit = format!("--fsize={bytes}");
        let pid = self.id().to_string();
        let set = Command::new("prlimit").args(["--pid", &pid, &limit]).status();
        assert!(set.expect("prlimit runs").success());
    }

    /// Its current memory, in KiB (`VmRSS`).
    pub fn memory_kib(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// Its current memory with its part of shared pages, in KiB (PSS).
    pub fn proportional_memory_kib(&self) -> u64 {
        self.figure("smaps_rollup", "Pss:")
    }

    fn status(&self, name: &str) -> u64 {
        self.figure("status", name)
    }

    /// A figure of a file of the process (proc(5)).
    fn figure(&self, file: &str, name: &str) -> u64 {
        let text = fs::read_to_string(format!("/proc/{}/{file}", self.id())).expect("figures");
        let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("a figure");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.ended().is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
