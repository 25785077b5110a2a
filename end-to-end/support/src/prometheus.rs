//! Prometheus and its checker `promtool`, as other authors made them.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::http::Answer;
use crate::process::{Ended, Process};
use crate::{http, poll, port};

/// Longer than a busy machine takes to start the server.
const START: Duration = Duration::from_secs(30);

const MISSING: &str =
    "Prometheus and promtool are missing; scripts/install-test-tools installs them";

/// Runs `promtool` with `input` on its standard input.
pub fn promtool(arguments: &[&str], input: &str) -> Ended {
    let mut child = Command::new("promtool")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect(MISSING);
    let mut stdin = child.stdin.take().expect("a pipe");
    // A check that reads no input may have ended already.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    Ended::from(child.wait_with_output().expect("it ends"))
}

/// A running server with an empty database; it ends on drop.
#[derive(Debug)]
pub struct Prometheus {
    url: String,
    _process: Process,
    _folder: TempDir,
}

impl Prometheus {
    /// Starts a server with the configuration in this file.
    pub fn start(configuration: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let address = format!("127.0.0.1:{}", port::free());
        let log = std::fs::File::create(folder.path().join("log")).expect("a log file");
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", configuration.display()))
            .arg(format!("--web.listen-address={address}"))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect(MISSING);
        let mut process = Process::of(child);
        let url = format!("http://{address}");
        poll::until("Prometheus is ready", START, || {
            let log = || std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
            assert!(process.ended().is_none(), "{}", log());
            let answer = http::request("GET", &format!("{url}/-/ready")).try_send();
            answer.is_ok_and(|answer| answer.status == 200)
        });
        Self { url, _process: process, _folder: folder }
    }

    /// The series that a query returns.
    pub fn query(&self, query: &str) -> Value {
        let request = http::request("POST", &format!("{}/api/v1/query", self.url));
        data(&request.form(&[("query", query)]).send())["result"].take()
    }

    /// The data of another answer of its API.
    pub fn get(&self, path: &str) -> Value {
        data(&http::request("GET", &format!("{}/api/v1/{path}", self.url)).send())
    }
}

fn data(answer: &Answer) -> Value {
    let mut body = answer.json();
    assert_eq!(body["status"], "success", "{body}");
    body["data"].take()
}
