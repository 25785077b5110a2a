//! A real browser, driven through its `WebDriver` (W3C): what a person who opens a page gets, with
//! the log of every request and of every complaint.
//!
//! The protocol is JSON over HTTP, and the client of the other tests speaks it; a crate for it would
//! bring an asynchronous one besides, and none of them knows Chromium's logs.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::blocking::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{poll, port};

/// A browser on a busy machine takes its time; one that hangs still fails.
const START: Duration = Duration::from_mins(1);

/// Driver and browser are one process group, which is killed as soon as nobody holds the other end
/// of the standard input: however the test ends.
const GROUP: &str = "chromedriver --port=\"$1\" < /dev/null & cat; kill -KILL 0";

/// Without what a browser asks of the world by itself, and without its sandbox, which root can't
/// have.
const ARGUMENTS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1280,1600",
];

/// A browser with one window and an empty profile; ended when dropped.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    /// The address of the session.
    session: String,
    group: Child,
    /// Profile, temporary files and the driver's log.
    _folder: TempDir,
}

impl Browser {
    /// Starts it.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = port::free();
        let log = folder.path().join("log");
        let open = || File::options().create(true).append(true).open(&log).expect("a log file");
        let mut group = Command::new("sh")
            .args(["-c", GROUP, "sh", &port.to_string()])
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", folder.path())
            .env("TMPDIR", folder.path())
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(open())
            .stderr(open())
            .spawn()
            .expect("a shell");
        let client = Client::builder().no_proxy().timeout(START).build().expect("an HTTP client");
        let driver = format!("http://127.0.0.1:{port}");
        let told = || fs::read_to_string(&log).unwrap_or_default();
        poll::until("chromedriver answers; scripts/install-test-tools installs it", START, || {
            let ended = group.try_wait().expect("the state of a child");
            assert!(ended.is_none() && !told().contains("not found"), "{}", told());
            client.get(format!("{driver}/status")).send().is_ok()
        });
        let mut arguments: Vec<_> = ARGUMENTS.map(str::to_owned).into();
        arguments.push(format!("--user-data-dir={}", folder.path().join("profile").display()));
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            "goog:chromeOptions": {"args": arguments},
        }}});
        let mut browser = Self { client, session: driver, group, _folder: folder };
        let opened = browser.post("/session", &wanted);
        let id = opened["sessionId"].as_str().unwrap_or_else(|| panic!("{opened}\n{}", told()));
        browser.session = format!("{}/session/{id}", browser.session);
        browser
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let request = self.client.post(format!("{}{path}", self.session)).body(body.to_string());
        let answer = request.send().and_then(reqwest::blocking::Response::text).expect("an answer");
        let mut answer: Value = serde_json::from_str(&answer).expect("JSON");
        assert!(answer["value"]["error"].is_null(), "{path}: {answer}");
        answer["value"].take()
    }

    /// Opens a page and waits until it is loaded.
    pub fn open(&self, url: &str) {
        self.post("/url", &json!({"url": url}));
    }

    /// Runs a script in the page; gives what it returns.
    pub fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({"script": script, "args": []}))
    }

    /// The text of the page as it is seen.
    pub fn text(&self) -> String {
        self.run("return document.body.innerText").as_str().unwrap_or_default().to_owned()
    }

    /// Writes a picture of the window (PNG).
    pub fn picture(&self, file: &Path) {
        let picture = self.client.get(format!("{}/screenshot", self.session)).send();
        let answer = picture.and_then(reqwest::blocking::Response::text).expect("an answer");
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        let bytes = BASE64_STANDARD.decode(answer["value"].as_str().expect("a picture"));
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, bytes.expect("base64")).expect("written");
    }

    /// The address of every request that was made since the last look, answered or not.
    pub fn requests(&self) -> Vec<String> {
        let entry = |entry: &Value| {
            let message: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let event = &message["message"];
            let sent = event["method"] == "Network.requestWillBeSent";
            let url = event["params"]["request"]["url"].as_str().filter(|_| sent)?;
            Some(url.to_owned())
        };
        self.log("performance").iter().filter_map(entry).collect()
    }

    /// What the browser calls an error since the last look: of scripts, of loading, of policies.
    pub fn errors(&self) -> Vec<String> {
        let severe = |entry: &&Value| entry["level"] == "SEVERE";
        let text = |entry: &Value| entry["message"].to_string();
        self.log("browser").iter().filter(severe).map(text).collect()
    }

    fn log(&self, kind: &str) -> Vec<Value> {
        let entries = self.post("/se/log", &json!({"type": kind}));
        entries.as_array().expect("a list").clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ended in order, it removes its files; what is left is killed.
        let _ = self.client.delete(&self.session).send();
        drop(self.group.stdin.take());
        let _ = self.group.wait();
    }
}
