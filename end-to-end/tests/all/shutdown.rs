//! An orderly end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use end_to_end::client::Client;
use end_to_end::pair::Pair;
use end_to_end::poll;
use end_to_end::user::User;

const BOUND: Duration = Duration::from_secs(10);

#[test]
fn both_services_end_soon_and_in_order_at_sigterm_and_ctrl_c() {
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

#[test]
fn a_reader_of_the_feed_and_an_idle_connection_do_not_hold_the_end_up() {
    let mut pair = Pair::prepare();
    pair.auth.start();
    let token = Client::of_the_guard(&pair.auth).token(&pair.auth);
    let page = pair.auth.get("/directory/users").bearer(&token).send().expect(200).json();
    let url = format!("/feed?after={}&wait=25", page["position"]);
    let idle = std::net::TcpStream::connect(pair.auth.address()).expect("a connection");
    let waiting = pair.auth.get(&url).bearer(&token);
    let reader = std::thread::spawn(move || waiting.try_send());
    poll::throughout("the reader waits", Duration::from_millis(300), || !reader.is_finished());
    let (status, took) = pair.auth.stop();
    assert_eq!(status.code(), Some(0), "{}", pair.auth.log());
    assert!(took < BOUND, "{took:?}");
    let answer = reader.join().expect("the reader").expect("an answer, no reset");
    assert!(matches!(answer.status, 200 | 503), "{}", answer.status);
    drop(idle);
}

#[test]
fn requests_that_were_taken_are_answered_before_the_end() {
    let mut pair = Pair::start();
    let user = User::signed_up(&pair.auth, "Ada");
    let token = user.log_in(&pair.auth);
    pair.accepts("before", &token);
    for round in 0..5 {
        let ending = AtomicBool::new(false);
        let url = format!("{}/user/me", pair.api.url);
        let (failed, served) = std::thread::scope(|scope| {
            let clients: Vec<_> = (0..4)
                .map(|_| {
                    let (url, token, ending) = (&url, &token, &ending);
                    scope.spawn(move || {
                        let (mut failed, mut served) = (Vec::new(), 0);
                        loop {
                            match end_to_end::http::request("GET", url).bearer(token).try_send() {
                                Ok(answer) if answer.status == 200 => served += 1,
                                Ok(answer) => failed.push(format!("{}", answer.status)),
                                // Nobody listens any more: that is no request taken.
                                Err(error) if error.contains("ConnectionRefused") => break,
                                Err(_) if ending.load(Ordering::SeqCst) => break,
                                Err(error) => failed.push(error),
                            }
                        }
                        (failed, served)
                    })
                })
                .collect();
            poll::throughout("under load", Duration::from_millis(100), || true);
            let (status, took) = pair.api.stop();
            ending.store(true, Ordering::SeqCst);
            assert!(status.success() && took < BOUND, "round {round}: {took:?}");
            clients.into_iter().map(|one| one.join().expect("a client")).fold(
                (Vec::new(), 0),
                |(mut failed, served), (more, count)| {
                    failed.extend(more);
                    (failed, served + count)
                },
            )
        });
        assert!(failed.is_empty() && served > 0, "round {round}: {served} served, {failed:?}");
        pair.api.start();
    }
}
