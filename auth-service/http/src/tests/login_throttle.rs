//! `POST /login` after too many failures.

use std::time::Instant;

use actix_web::test::TestRequest;
use futures_util::future::{join, join_all};
use signet_contract::clock::Clock as _;
use signet_contract::directory::UserState;
use time::Duration;

use super::actors::PASSWORD;
use super::server::{Answer, Server, Setup, proxies};
use crate::Options;
use auth_domain::throttle::ThrottleDecision;

impl Server {
    async fn log_in_from(&self, peer: &str, forwarded: &str, password: &str) -> Answer {
        let form = [("email", "ann@example.org"), ("password", password)];
        let mut request = TestRequest::post()
            .uri("/login")
            .peer_addr(format!("{peer}:4000").parse().unwrap())
            .set_form(form);
        if !forwarded.is_empty() {
            request = request.insert_header(("x-forwarded-for", forwarded));
        }
        self.call(request).await
    }
}

#[actix_web::test]
async fn ten_failures_block_known_and_unknown_accounts_until_the_window_ends() {
    let server = Server::start();
    server.sign_up("ann").await;
    for (name, status) in [("ann", 403), ("nobody", 401)] {
        for _ in 0..10 {
            assert_eq!(server.log_in(name, "wrong").await.status, status);
        }
        let answer = server.log_in(name, PASSWORD).await;
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (429, "900"));
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    server.clock.advance(Duration::minutes(15));
    assert_eq!(server.log_in("ann", PASSWORD).await.status, 201);
}

#[actix_web::test]
async fn right_and_wrong_password_of_a_disabled_account_count_alike() {
    for uniform_errors in [false, true] {
        for password in [PASSWORD, "wrong"] {
            let server = Server::with(Setup { uniform_errors, ..Setup::default() });
            let ann = server.sign_up("ann").await;
            server.database.set_user_state(ann, UserState::Disabled, &server.act()).unwrap();
            let status = if uniform_errors { 401 } else { 403 };
            for _ in 0..10 {
                assert_eq!(server.log_in("ann", password).await.status, status);
            }
            for _ in 0..4 {
                assert_eq!(server.log_in("ann", password).await.status, 429);
            }
        }
    }
}

#[actix_web::test]
async fn failures_from_other_addresses_do_not_block_the_owner() {
    let server = Server::start();
    server.sign_up("ann").await;
    assert_eq!(server.log_in_from("192.0.2.1", "", PASSWORD).await.status, 201);
    for _ in 0..10 {
        assert_eq!(server.log_in_from("203.0.113.9", "", "wrong").await.status, 403);
    }
    assert_eq!(server.log_in_from("203.0.113.9", "", "wrong").await.status, 429);
    assert_eq!(server.log_in_from("198.51.100.7", "", PASSWORD).await.status, 429);
    assert_eq!(server.log_in_from("192.0.2.1", "", PASSWORD).await.status, 201);
}

#[actix_web::test]
async fn only_a_trusted_proxy_sets_the_client_address() {
    let setup = || Setup { per_account: None, per_address: Some(3), ..Setup::default() };
    let server = Server::with(setup());
    server.sign_up("ann").await;
    for n in 0..3 {
        let forged = format!("203.0.113.{n}");
        assert_eq!(server.log_in_from("192.0.2.1", &forged, "wrong").await.status, 403);
    }
    assert_eq!(server.log_in_from("192.0.2.1", "203.0.113.77", "wrong").await.status, 429);

    let options = Options { trusted_proxies: proxies(&["192.0.2.0/24"]), ..Options::default() };
    let server = Server::with(Setup { options, ..setup() });
    server.sign_up("ann").await;
    for _ in 0..3 {
        assert_eq!(server.log_in_from("192.0.2.1", "203.0.113.1", "wrong").await.status, 403);
    }
    assert_eq!(server.log_in_from("192.0.2.1", "203.0.113.1", "wrong").await.status, 429);
    assert_eq!(server.log_in_from("192.0.2.1", "203.0.113.2", PASSWORD).await.status, 201);
}

#[actix_web::test]
async fn waiting_log_ins_leave_a_place_to_another_address() {
    let server = Server::with(Setup { per_account: Some(1), queue: 4, ..Setup::default() });
    server.sign_up("ann").await;
    server.sign_up("bob").await;
    let now = server.clock.now();
    let ThrottleDecision::Go(attempt) =
        server.app.throttle.admit("ann@example.org", None, false, now)
    else {
        panic!("no attempt is under way")
    };
    let waiting = (0..4).map(|_| server.log_in_from("203.0.113.9", "", PASSWORD));
    let other = async {
        let deadline = Instant::now() + std::time::Duration::from_secs(30);
        while server.app.hashing.taken() < 4 {
            assert!(Instant::now() < deadline, "four log-ins take the places");
            tokio::task::yield_now().await;
        }
        let answer = server.log_in("bob", PASSWORD).await;
        drop(attempt);
        server.app.attempt_ended.notify_waiters();
        answer.status
    };
    let (answers, other) = join(join_all(waiting), other).await;
    assert_eq!(other, 201);
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 201, 201, 503]);
}
