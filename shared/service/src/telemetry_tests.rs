//! Tests of the log, each in its own process: a process has one standard error and one log.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::sync::mpsc;

use super::super::log_settings::LogFilter;
use super::*;

/// Longer than a loaded machine takes to start a process.
const PATIENCE: Duration = Duration::from_mins(1);

/// Runs one of the ignored tests below in a new process. Returns true if it passed.
fn run_alone(test: &str, stderr: impl Into<Stdio>) -> bool {
    let program = std::env::current_exe().expect("the test program");
    let name = format!("{}::{test}", module_path!().split_once("::").expect("a crate").1);
    let mut child = Command::new(program)
        .args(["--ignored", "--exact", "--nocapture", &name])
        .stdout(Stdio::piped())
        .stderr(stderr)
        .spawn()
        .expect("it starts");
    let mut stdout = child.stdout.take().expect("a pipe");
    let (sender, ended) = mpsc::channel();
    std::thread::spawn(move || {
        let mut printed = String::new();
        stdout.read_to_string(&mut printed).expect("text");
        sender.send(printed).expect("the test waits");
    });
    let printed = ended.recv_timeout(PATIENCE);
    child.kill().expect("it has ended or is killed");
    let status = child.wait().expect("it has ended");
    printed.is_ok_and(|printed| printed.contains("1 passed")) && status.success()
}

fn settings(filter: &str, format: LogFormat) -> LogSettings {
    LogSettings { filter: LogFilter::parse(filter).expect("a filter"), format }
}

#[test]
#[ignore = "a body for a process of its own"]
fn panic_of_a_thread() {
    start(&settings("info", LogFormat::Text));
    panic_in_a_thread();
}

#[test]
#[ignore = "a body for a process of its own"]
fn json_lines() {
    start(&settings("warn,signet_service=info", LogFormat::Json));
    tracing::error_span!(target: "request", "request", request_id = "r-1").in_scope(|| {
        tracing::info!(target: "signet_service", "a line of a request");
        tracing::info!(target: "another", "a line below the filter");
    });
    panic_in_a_thread();
    print_line("auth-service: the port is taken");
}

#[test]
#[ignore = "a body for a process of its own"]
fn lines_of_one_target() {
    start(&settings("another=debug", LogFormat::Text));
    tracing::error_span!(target: "request", "request", request_id = "r-1").in_scope(|| {
        tracing::error!(target: "signet_service", "a line below the filter");
        tracing::debug!(target: "another", "a line of a request");
        tracing::error!(target: "actix_http::h1::dispatcher", "a line of a library");
    });
    flush();
}

fn panic_in_a_thread() {
    let panicked = std::thread::Builder::new().name("handler".into());
    let panicked = panicked.spawn(|| panic!("in a handler")).expect("a thread").join();
    assert!(panicked.is_err());
    flush();
}

#[test]
#[ignore = "a body for a process of its own"]
fn many_lines() {
    start(&settings("info", LogFormat::Text));
    for number in 0..2_000 {
        tracing::info!(number, "a line that takes some room until it is read");
    }
    assert_eq!(DROPPED_LINES.get(), 0);
    print_line("the last line");
}

/// Returns a standard error without free buffer space, and its reader, which never reads.
fn stopped_reader() -> (OwnedFd, UnixStream) {
    let (mut writer, reader) = UnixStream::pair().expect("a pair of sockets");
    writer.set_nonblocking(true).expect("a flag is set");
    while writer.write(b"\n").is_ok() {}
    writer.set_nonblocking(false).expect("a flag is set");
    (writer.into(), reader)
}

#[test]
fn panic_does_not_wait_for_a_stopped_log_reader() {
    let (stderr, _reader) = stopped_reader();
    assert!(run_alone("panic_of_a_thread", stderr));
}

#[test]
fn panic_is_one_line_of_the_log() {
    let (mut reader, writer) = io::pipe().expect("a pipe");
    assert!(run_alone("panic_of_a_thread", writer));
    let mut log = String::new();
    reader.read_to_string(&mut log).expect("text");
    let lines: Vec<_> = log.lines().collect();
    let [line] = lines[..] else { panic!("one line: {log}") };
    for part in ["ERROR", "a thread panicked", "handler", "telemetry_tests.rs", "in a handler"] {
        assert!(line.contains(part), "no `{part}` in {line}");
    }
}

/// Runs a test in a new process, and returns the lines of its log.
fn lines_of(test: &str) -> Vec<String> {
    let (mut reader, writer) = io::pipe().expect("a pipe");
    assert!(run_alone(test, writer));
    let mut log = String::new();
    reader.read_to_string(&mut log).expect("text");
    log.lines().map(str::to_owned).collect()
}

#[test]
fn each_json_line_is_an_object_also_a_panic_and_the_last_error() {
    let lines = lines_of("json_lines");
    let parse = |line: &String| serde_json::from_str(line).expect("JSON");
    let objects: Vec<serde_json::Value> = lines.iter().map(parse).collect();
    let [line, panic, last] = &objects[..] else { panic!("three lines: {lines:?}") };
    let text = |object: &serde_json::Value, name: &str| object[name].as_str().map(str::to_owned);
    assert_eq!(text(line, "message").as_deref(), Some("a line of a request"));
    assert_eq!(text(line, "request_id").as_deref(), Some("r-1"));
    assert_eq!(text(panic, "cause").as_deref(), Some("in a handler"));
    assert_eq!(text(last, "level").as_deref(), Some("ERROR"));
    assert_eq!(text(last, "message").as_deref(), Some("auth-service: the port is taken"));
}

#[test]
fn filter_selects_lines_and_keeps_their_request() {
    let lines = lines_of("lines_of_one_target");
    let [line] = &lines[..] else { panic!("one line: {lines:?}") };
    assert!(line.ends_with("DEBUG a line of a request request_id=r-1"), "{line}");
}

#[test]
fn printed_line_follows_all_lines_of_the_log() {
    let (mut reader, writer) = io::pipe().expect("a pipe");
    let log = std::thread::spawn(move || {
        let mut log = String::new();
        reader.read_to_string(&mut log).expect("text");
        log
    });
    assert!(run_alone("many_lines", writer));
    let log = log.join().expect("a log");
    let lines: Vec<_> = log.lines().collect();
    assert_eq!(lines.len(), 2_001, "{log}");
    for (number, line) in lines[..2_000].iter().enumerate() {
        assert!(line.ends_with(&format!(" number={number}")), "{line}");
    }
    assert_eq!(lines[2_000], "the last line");
}

#[test]
fn metric_exists_before_a_line_is_lost() {
    let mut registry = Registry::default();
    register_metrics(&mut registry);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).expect("text");
    assert!(text.contains("signet_log_lines_dropped_total 0\n"), "{text}");
}
