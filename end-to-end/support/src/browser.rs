//! A real browser, driven through its `WebDriver` (W3C): it opens pages and logs every request and
//! every error.
//!
//! The protocol is JSON over HTTP, and the HTTP client of the other tests is enough for it. A crate
//! for it would add an asynchronous client, and no such crate reads Chromium's logs.

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

/// A browser starts slowly on a busy machine; a browser that hangs still fails the test.
const START: Duration = Duration::from_mins(1);

/// Driver and browser are one process group. `cat` ends when the test closes the standard input,
/// and the group is killed, also if the test crashes.
const GROUP: &str = "chromedriver --port=\"$1\" < /dev/null & cat; kill -KILL 0";

/// Options that turn off the browser's own network traffic, and its sandbox, which cannot run as
/// root.
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

/// A browser with one window and an empty profile; it ends on drop.
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
    /// Starts the browser.
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

    /// Runs a script in the page and returns its result.
    pub fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({"script": script, "args": []}))
    }

    /// The visible text of the page.
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

    /// The address of every request since the last call, answered or not.
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

    /// The browser's errors since the last call: from scripts, loading and policies.
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
        // An orderly end removes the browser's files; processes that are left are killed.
        let _ = self.client.delete(&self.session).send();
        drop(self.group.stdin.take());
        let _ = self.group.wait();
    }
}
