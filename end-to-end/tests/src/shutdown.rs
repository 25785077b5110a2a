//! An orderly shutdown.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use support::client::Client;
use support::pair::Pair;
use support::user::User;
use support::{poll, signing_keys};
use uuid::Uuid;

const BOUND: Duration = Duration::from_secs(10);

#[test]
fn sigterm_and_ctrl_c_end_both_services_in_order() {
    let mut pair = Pair::start();
    for signal in ["TERM", "INT"] {
        let (status, took) = pair.auth.stop_by(signal);
        assert_eq!(status.code(), Some(0), "auth-service after {signal}: {}", pair.auth.log());
        assert!(took < BOUND, "auth-service took {took:?} after {signal}");
        let (status, took) = pair.api.stop_by(signal);
        assert_eq!(status.code(), Some(0), "api-service after {signal}: {}", pair.api.log());
        assert!(took < BOUND, "api-service took {took:?} after {signal}");
        pair.run();
    }
    let (status, took) = pair.api.stop();
    assert!(status.success() && took < BOUND, "with the issuer alive: {took:?}");
}

/// Load balancers see that the service is not ready, and send requests for a while yet.
#[test]
fn drain_answers_new_connections_while_the_service_is_not_ready() {
    let mut pair = Pair::start_with(&[("AUTH_DRAIN", "60s"), ("API_DRAIN", "60s")]);
    for service in [&mut pair.api, &mut pair.auth] {
        service.process().signal("TERM");
        let ready = || service.health("ready").expect("the management listener answers");
        poll::until("it is not ready", BOUND, || ready().status == 503);
        assert!(ready().text().contains("\"shutdown\":{\"ok\":false"), "{}", ready().text());
        let ask = || service.get("/openapi.json").send().expect(200);
        poll::until("it asks to close", BOUND, || ask().header("connection") == "close");
        for _ in 0..5 {
            assert_eq!(ask().header("connection"), "close", "{}", service.url);
            assert_eq!(ready().status, 503);
            service.health("live").expect("an answer").expect(200);
        }
        service.stop();
    }
}

#[test]
fn end_of_the_drain_ends_a_service_with_status_0() {
    const DRAIN: Duration = Duration::from_secs(1);
    let mut pair = Pair::start_with(&[("AUTH_DRAIN", "1s"), ("API_DRAIN", "1s")]);
    for service in [&mut pair.api, &mut pair.auth] {
        let (status, took) = service.stop();
        assert_eq!(status.code(), Some(0), "{}", service.log());
        assert!((DRAIN..DRAIN + BOUND).contains(&took), "{took:?}");
    }
}

#[test]
fn second_signal_ends_a_service_at_once() {
    for signals in [["TERM", "TERM"], ["INT", "TERM"], ["TERM", "INT"]] {
        let mut pair = Pair::start_with(&[("AUTH_DRAIN", "60s"), ("API_DRAIN", "60s")]);
        for service in [&mut pair.api, &mut pair.auth] {
            service.process().signal(signals[0]);
            service.wait_log("a second signal stops at once");
            let (status, took) = service.stop_by(signals[1]);
            assert_eq!(status.code(), Some(1), "{signals:?}: {}", service.log());
            assert!(took < BOUND, "{signals:?}: {took:?}");
        }
    }
}

#[test]
fn command_is_noticed_during_the_drain() {
    let mut pair = Pair::start_with(&[("AUTH_DRAIN", "60s")]);
    let user = User::signed_up(&pair.auth, "Ada");
    let token = user.log_in(&pair.auth);
    pair.accepts("not ended yet", &token);
    pair.auth.process().signal("TERM");
    pair.auth.wait_log("a second signal stops at once");
    pair.auth.command(&["users", "disable", &user.email]).done();
    poll::until("the guard refuses", BOUND, || pair.me(&token).status == 401);
    let kid = signing_keys::keys(&pair.auth)[0]["kid"].clone();
    pair.auth.command(&["keys", "rotate", "--immediate"]).done();
    poll::until("the new key is published", BOUND, || {
        let set = pair.auth.get("/.well-known/jwks.json").send().expect(200).json();
        let keys = set["keys"].as_array().expect("keys").clone();
        keys.iter().any(|key| key["kid"] != kid)
    });
    pair.auth.stop();
}

#[test]
fn signals_of_log_rotation_and_terminals_end_no_service() {
    let mut pair = Pair::start();
    for service in [&mut pair.auth, &mut pair.api] {
        for signal in ["HUP", "USR1", "USR2"] {
            let mut stream = TcpStream::connect(service.address()).expect("a connection");
            stream.set_read_timeout(Some(BOUND)).expect("a time-out");
            stream.write_all(b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n").expect("sent");
            service.process().signal(signal);
            stream.write_all(b"connection: close\r\n\r\n").expect("sent");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).expect("an answer, no reset");
            assert!(answer.starts_with("HTTP/1.1 200 OK"), "{} {signal}: {answer}", service.url);
        }
        let (status, _) = service.stop();
        assert_eq!(status.code(), Some(0), "{}", service.log());
    }
}

#[test]
fn hanging_file_system_does_not_delay_shutdown_of_the_guard() {
    let mut pair = Pair::prepare();
    pair.auth.start();
    // A read from a pipe without a writer never ends.
    let pipe = pair.folder().join("secret");
    let made = Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs");
    assert!(made.success());
    pair.set("API_CLIENT_SECRET_FILE", &pipe.to_string_lossy());
    pair.api.spawn();
    pair.api.wait_live();
    let (status, took) = pair.api.stop();
    assert!(status.success() && took < BOUND, "{took:?}");
}

#[test]
fn feed_reader_and_idle_connection_do_not_delay_shutdown() {
    let mut pair = Pair::prepare();
    pair.auth.start();
    let token = Client::of_the_guard(&pair.auth).token(&pair.auth);
    let page = pair.auth.get("/directory/users").bearer(&token).send().expect(200).json();
    let instance = Uuid::new_v4().to_string();
    let kid = "x".repeat(43);
    let url = format!("/feed?after={}&wait=25&kids={kid}&instance={instance}", page["position"]);
    let idle = TcpStream::connect(pair.auth.address()).expect("a connection");
    let waiting = pair.auth.get(&url).bearer(&token);
    let reader = std::thread::spawn(move || waiting.try_send());
    poll::until("the issuer knows that the reader waits", Duration::from_mins(1), || {
        assert!(!reader.is_finished(), "it waits for a change");
        let keys = signing_keys::keys(&pair.auth);
        let guards = keys[0]["guards"].as_array().expect("guards");
        guards.iter().any(|guard| guard["instance"] == *instance)
    });
    let (status, took) = pair.auth.stop();
    assert_eq!(status.code(), Some(0), "{}", pair.auth.log());
    assert!(took < BOUND, "{took:?}");
    let answer = reader.join().expect("the reader").expect("an answer, no reset");
    assert!(matches!(answer.status, 200 | 503), "{}", answer.status);
    drop(idle);
}

#[test]
fn shutdown_answers_requests_in_progress() {
    let mut pair = Pair::prepare();
    pair.auth.start();
    let user = User::signed_up(&pair.auth, "Ada");
    user.log_in(&pair.auth);
    let body = format!("email={}&password={}", user.email, user.password.replace(' ', "+"));
    let request = format!(
        "POST /login HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    for round in 0..2 {
        let mut clients: Vec<_> = (0..12)
            .map(|_| {
                let mut stream = TcpStream::connect(pair.auth.address()).expect("a connection");
                stream.write_all(request.as_bytes()).expect("sent");
                stream
            })
            .collect();
        let mut first = [0; 1];
        // Hashing is slow: when one log-in is answered, the others are still waiting.
        clients[0].read_exact(&mut first).expect("the first answer");
        let (status, took) = pair.auth.stop();
        assert!(status.success() && took < BOUND, "round {round}: {took:?}");
        for (at, client) in clients.iter_mut().enumerate().skip(1) {
            let mut answer = String::new();
            client.read_to_string(&mut answer).expect("an answer, no reset");
            let status = answer.split(' ').nth(1);
            assert!(matches!(status, Some("201" | "503")), "round {round}, {at}: {answer:?}");
        }
        pair.auth.start();
    }
}
