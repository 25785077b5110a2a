//! One of the services as an operator sees it: started, stopped, paused, observed and commanded.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::http::{self, Answer, Request};
use crate::process::{Ended, Launch, Process};
use crate::{poll, port};

/// Debug builds start slowly on a busy machine; a start that hangs still fails.
const START: Duration = Duration::from_secs(30);

/// A service: its settings, and its process while it runs.
#[derive(Debug)]
pub struct Service {
    /// Its program, folder and settings. A change takes effect at the next start.
    pub launch: Launch,
    /// Its public address, without a slash at the end.
    pub url: String,
    /// Its management address.
    pub management: String,
    log: PathBuf,
    process: Option<Process>,
}

impl Service {
    /// Creates a service that does not run yet. `prefix` is that of its settings: `AUTH` or `API`.
    pub fn new(program: PathBuf, folder: &Path, prefix: &str) -> Self {
        std::fs::create_dir_all(folder).expect("a folder");
        let (public, management) =
            (format!("127.0.0.1:{}", port::free()), format!("127.0.0.1:{}", port::free()));
        let mut launch = Launch { program, folder: folder.to_owned(), environment: Vec::new() };
        launch.set(&format!("{prefix}_BIND"), &public);
        launch.set(&format!("{prefix}_MANAGEMENT_BIND"), &management);
        // Tests stop hundreds of processes, and few of them need a drain.
        launch.set(&format!("{prefix}_DRAIN"), "0s");
        Self {
            launch,
            url: format!("http://{public}"),
            management: format!("http://{management}"),
            log: folder.with_extension("log"),
            process: None,
        }
    }

    /// Starts the process without waiting.
    pub fn spawn(&mut self) {
        assert!(self.process.is_none(), "it runs already");
        self.process = Some(self.launch.spawn(&["serve"], &self.log));
    }

    /// Starts the process and waits until it is ready.
    pub fn start(&mut self) {
        self.spawn();
        self.wait_ready();
    }

    /// Starts the process with this standard error and waits until it is ready.
    pub fn start_with_stderr(&mut self, stderr: impl Into<Stdio>) {
        assert!(self.process.is_none(), "it runs already");
        self.process = Some(self.launch.spawn_with(&["serve"], Stdio::null(), stderr));
        self.wait_ready();
    }

    /// Waits until it is ready.
    pub fn wait_ready(&mut self) {
        self.wait_health("ready", 200);
    }

    /// Waits until it is alive, ready or not.
    pub fn wait_live(&mut self) {
        self.wait_health("live", 200);
    }

    fn wait_health(&mut self, what: &str, status: u16) {
        let began = Instant::now();
        loop {
            let last = began.elapsed() >= START;
            let answer = self.health(what);
            if answer.as_ref().is_some_and(|answer| answer.status == status) {
                return;
            }
            let ended = self.process.as_mut().and_then(Process::ended);
            let told = || {
                let answer = answer.as_ref().map_or_else(String::new, Answer::text);
                format!("{} is not {what}: {answer}\n{}", self.url, self.log())
            };
            assert!(ended.is_none(), "it ended ({ended:?}); {}", told());
            assert!(!last, "{}", told());
            poll::pause();
        }
    }

    /// The answer of `/health/{what}`, if one comes.
    pub fn health(&self, what: &str) -> Option<Answer> {
        http::request("GET", &format!("{}/health/{what}", self.management)).try_send().ok()
    }

    /// True if it reports that it is ready.
    pub fn ready(&self) -> bool {
        self.health("ready").is_some_and(|answer| answer.status == 200)
    }

    /// The running process.
    pub fn process(&self) -> &Process {
        self.process.as_ref().expect("it runs")
    }

    /// Stops it by SIGTERM; returns its exit status and the time that it took.
    pub fn stop(&mut self) -> (ExitStatus, Duration) {
        self.stop_by("TERM")
    }

    /// Stops it by a signal; returns the same.
    pub fn stop_by(&mut self, signal: &str) -> (ExitStatus, Duration) {
        let began = Instant::now();
        self.process().signal(signal);
        let (status, _) = self.wait_end(Duration::from_secs(20));
        (status, began.elapsed())
    }

    /// Waits until it has ended; returns its exit status and the time from now.
    pub fn wait_end(&mut self, limit: Duration) -> (ExitStatus, Duration) {
        let mut process = self.process.take().expect("it runs");
        let began = Instant::now();
        (process.wait(limit), began.elapsed())
    }

    /// Stops it by SIGTERM and starts it again.
    pub fn restart(&mut self) {
        self.stop();
        self.start();
    }

    /// Suspends it (SIGSTOP): its ports accept connections, but it does not answer.
    pub fn pause(&self) {
        self.process().signal("STOP");
    }

    /// Resumes it (SIGCONT).
    pub fn resume(&self) {
        self.process().signal("CONT");
    }

    /// Its output over all its starts. It may stop in the middle of a character.
    pub fn log(&self) -> String {
        let printed = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&printed).into_owned()
    }

    /// Waits until the log holds `text`. A line may be written after the answer that it describes.
    #[track_caller]
    pub fn wait_log(&self, text: &str) {
        let began = Instant::now();
        loop {
            let last = began.elapsed() >= START;
            let log = self.log();
            if log.contains(text) {
                return;
            }
            assert!(!last, "the log does not hold `{text}`:\n{log}");
            poll::pause();
        }
    }

    /// Runs a command of the same program with the same settings.
    pub fn command(&self, arguments: &[&str]) -> Ended {
        self.launch.run(arguments)
    }

    /// Runs a command that prints JSON.
    pub fn command_json(&self, arguments: &[&str]) -> Value {
        let mut all = arguments.to_vec();
        all.push("--json");
        let ended = self.command(&all).done();
        serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
    }

    /// A path below its working directory.
    pub fn path(&self, below: &str) -> PathBuf {
        self.launch.folder.join(below)
    }

    /// The public address as `HOST:PORT`.
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Builds a request to the service.
    pub fn request(&self, method: &str, path: &str) -> Request {
        http::request(method, &format!("{}{path}", self.url))
    }

    /// A `GET`.
    pub fn get(&self, path: &str) -> Request {
        self.request("GET", path)
    }

    /// A `POST`.
    pub fn post(&self, path: &str) -> Request {
        self.request("POST", path)
    }
}
