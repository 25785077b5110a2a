//! A log that accepts no line changes no answer, no readiness and no exit status.

use std::fs;
use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use serde_json::json;
use support::metrics::Metrics;
use support::pair::Pair;
use support::poll;
use support::service::Service;
use support::stderr::{self, StoppedReader};
use support::user::User;

/// The time limit for an orderly end.
const END: Duration = Duration::from_secs(10);

/// The time limit for the end of a refused start. The log gets one second of it.
const REFUSAL: Duration = Duration::from_secs(20);

const NEW_PASSWORD: &str = "a long and quiet evening";

/// The two services, not yet running, and an admin.
fn prepared() -> (Pair, User) {
    let mut pair = Pair::prepare();
    // So that the guard also writes a line for each refused token.
    pair.set("API_LOG", "info,signet_guard=debug");
    let admin = User::admin(&pair.auth, "Root");
    (pair, admin)
}

/// Asserts the right answer of each route that writes a log line, at both services.
fn assert_right_answers(pair: &Pair, admin: &User) {
    let auth = &pair.auth;
    let user = User::signed_up(auth, "Ada");
    user.sign_up(auth).expect(202);
    let (token, other) = (user.log_in(auth), user.log_in(auth));
    let wrong = [("email", &*user.email), ("password", "another password")];
    auth.post("/login").form(&wrong).send().expect(403);
    pair.accepts_soon("a good token", &token);
    pair.refuses("a junk token", "x.y.z");
    auth.post("/logout").bearer("x.y.z").send().expect(401);
    auth.post("/logout").bearer(&other).send().expect(204);
    let change = [("current_password", &*user.password), ("new_password", NEW_PASSWORD)];
    auth.post("/password").bearer(&token).form(&change).send().expect(204);

    let operator = admin.log_in_for(auth, &auth.url);
    let id = support::token::claims(&token)["sub"].as_str().expect("a sub").to_owned();
    let post = |path: &str| auth.post(path).bearer(&operator);
    post("/admin/clients").json(&json!({"client_id": "reports"})).send().expect(201);
    post("/admin/keys/rotate").json(&json!({"immediate": true})).send().expect(202);
    post(&format!("/admin/users/{id}/disable")).send().expect(204);
    pair.accepts_soon("a token of the new key", &admin.log_in(auth));
    for service in [&pair.auth, &pair.api] {
        service.health("ready").expect("an answer").expect(200);
    }
}

fn dropped_lines(service: &Service) -> u64 {
    let name = "signet_log_lines_dropped_total";
    Metrics::of(&service.management).sample(name).expect("the metric exists from the start")
}

#[track_caller]
fn assert_counts_dropped_lines(pair: &Pair) {
    for service in [&pair.auth, &pair.api] {
        poll::until("a dropped line is counted", END, || dropped_lines(service) > 0);
    }
}

#[track_caller]
fn assert_orderly_end(pair: &mut Pair) {
    for service in [&mut pair.api, &mut pair.auth] {
        let (status, took) = service.stop();
        assert_eq!(status.code(), Some(0), "{} after {took:?}", service.url);
        assert!(took < END, "{} took {took:?}", service.url);
    }
}

/// Starts both services with standard errors of this kind, and asserts right answers.
fn assert_no_influence(stderr: impl Fn() -> Stdio) -> Pair {
    let (mut pair, admin) = prepared();
    pair.auth.start_with_stderr(stderr());
    pair.api.start_with_stderr(stderr());
    assert_right_answers(&pair, &admin);
    pair
}

#[test]
fn closed_log_reader_changes_no_answer_and_no_exit_status() {
    let (mut pair, admin) = prepared();
    let (auth_reader, auth_stderr) = stderr::pipe();
    let (api_reader, api_stderr) = stderr::pipe();
    pair.auth.start_with_stderr(auth_stderr);
    pair.api.start_with_stderr(api_stderr);
    drop((auth_reader, api_reader));
    assert_right_answers(&pair, &admin);
    assert_counts_dropped_lines(&pair);
    assert_orderly_end(&mut pair);
}

#[test]
fn full_disk_of_log_changes_no_answer_and_no_exit_status() {
    let mut pair = assert_no_influence(stderr::full_disk);
    assert_counts_dropped_lines(&pair);
    assert_orderly_end(&mut pair);
}

#[test]
fn file_size_limit_of_log_changes_no_answer_and_no_exit_status() {
    let (mut pair, admin) = prepared();
    for service in [&mut pair.auth, &mut pair.api] {
        service.start_with_stderr(stderr::large_file());
        // The database stays below this limit; the log does not.
        service.process().limit_file_size(1 << 29);
    }
    assert_right_answers(&pair, &admin);
    assert_counts_dropped_lines(&pair);
    assert_orderly_end(&mut pair);
}

#[test]
fn stopped_log_reader_at_start_changes_no_answer_and_no_exit_status() {
    let reader = StoppedReader::full();
    let mut pair = assert_no_influence(|| reader.stderr());
    assert_orderly_end(&mut pair);
}

#[test]
fn stopped_log_reader_uses_bounded_memory_and_drops_are_counted() {
    let mut pair = Pair::prepare();
    pair.auth.launch.set("AUTH_LOG", "trace,actix_http=trace");
    let reader = StoppedReader::full();
    pair.auth.start_with_stderr(reader.stderr());
    let before = pair.auth.process().memory_kib();
    poll::until("the queue is full", Duration::from_mins(2), || {
        for _ in 0..50 {
            pair.auth.get("/no/such/route").send().expect(404);
        }
        dropped_lines(&pair.auth) > 1_000
    });
    let more = pair.auth.process().memory_kib().saturating_sub(before);
    assert!(more < 64 * 1_024, "the service holds {more} KiB more");
    let (status, took) = pair.auth.stop();
    assert_eq!(status.code(), Some(0));
    assert!(took < END, "{took:?}");
}

#[test]
fn log_with_a_reader_loses_no_line() {
    let mut pair = Pair::prepare();
    pair.api.launch.set("API_LOG", "info,signet_guard=debug");
    pair.run();
    for _ in 0..300 {
        pair.refuses("a junk token", "x.y.z");
    }
    assert_eq!((dropped_lines(&pair.auth), dropped_lines(&pair.api)), (0, 0));
    let (status, _) = pair.api.stop();
    assert_eq!(status.code(), Some(0));
    let log = pair.api.log();
    assert_eq!(log.lines().filter(|line| line.contains("refused: ")).count(), 300, "{log}");
    let last = log.lines().last().unwrap_or_default();
    assert!(last.contains("stopped"), "{last}");
}

#[test]
fn refused_start_keeps_its_exit_status_when_stderr_is_broken() {
    let mut pair = Pair::prepare();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("an address").to_string();
    let reader = StoppedReader::full();
    for (service, prefix) in [(&mut pair.auth, "AUTH"), (&mut pair.api, "API")] {
        let bind = format!("{prefix}_BIND");
        for (status, value, arguments) in [
            (64, "nonsense", &["serve"][..]),
            (1, &*taken, &["serve"]),
            (2, &*taken, &["serve", "--no-such-option"]),
        ] {
            service.launch.set(&bind, value);
            for (what, stderr) in [
                ("a pipe without a reader", stderr::without_reader()),
                ("a full disk", stderr::full_disk()),
                ("a stopped reader", reader.stderr()),
            ] {
                let mut process = service.launch.spawn_with(arguments, Stdio::null(), stderr);
                let ended = process.wait(REFUSAL);
                assert_eq!(ended.code(), Some(status), "{prefix}, {arguments:?}, {what}");
            }
        }
    }
}

#[test]
fn stopped_log_reader_does_not_hold_up_a_guard_with_a_damaged_replica() {
    let (mut pair, admin) = prepared();
    let reader = StoppedReader::full();
    pair.auth.start();
    pair.api.start_with_stderr(reader.stderr());
    let token = admin.log_in(&pair.auth);
    pair.accepts_soon("before", &token);
    let replica = pair.api.path("data");
    let away = pair.folder().join("away");
    fs::rename(&replica, &away).expect("moved");
    fs::remove_dir_all(away).expect("deleted");
    poll::until("the guard is gone", Duration::from_mins(1), || {
        pair.api.get("/user").bearer(&token).try_send().is_err()
    });
    assert_eq!(pair.api.wait_end(END).0.code(), Some(1));
}

#[test]
fn init_does_all_its_work_when_its_output_cannot_be_written() {
    for (stdout, status) in [(stderr::full_disk(), 1), (stderr::without_reader(), 0)] {
        let pair = Pair::bare();
        let log = fs::File::create(pair.folder().join("init.log")).expect("a file");
        let mut init = pair.auth.launch.spawn_with(&["init"], stdout, log);
        assert_eq!(init.wait(REFUSAL).code(), Some(status));
        assert!(pair.auth.path("keys/clients/api-service.secret").exists());
        assert_eq!(support::signing_keys::keys(&pair.auth).len(), 2);
    }
}
