//! Remembered verdicts: a second look at the same token may be cheap, but never wrong.

use std::time::Duration;

use end_to_end::forge::Forge;
use end_to_end::poll;
use end_to_end::token::{claims, with};
use end_to_end::user::User;
use shared::clock::{Clock, SystemClock};
use uuid::Uuid;

use super::Bench;

#[test]
fn the_answer_to_one_token_is_never_given_to_another() {
    let bench = Bench::start();
    let users: Vec<_> =
        (0..4).map(|n| User::signed_up(&bench.pair.auth, &format!("User {n}"))).collect();
    let tokens: Vec<_> = users.iter().map(|user| user.log_in(&bench.pair.auth)).collect();
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let (bench, users, tokens) = (&bench, &users, &tokens);
            scope.spawn(move || {
                for round in 0..50 {
                    let who = (worker + round) % users.len();
                    let body = bench.pair.me(&tokens[who]).expect(200).json();
                    assert_eq!(body["email"], users[who].email);
                }
            });
        }
    });
    // The same head and tail, another middle: a cache keyed by a part of the token would err.
    let good = &tokens[0];
    let parts: Vec<&str> = good.split('.').collect();
    let other: Vec<&str> = tokens[1].split('.').collect();
    bench.accepts("the good one", good);
    bench.refuses("another's claims", &[parts[0], other[1], parts[2]].join("."));
    bench.refuses("another's signature", &[parts[0], parts[1], other[2]].join("."));
}

#[test]
fn a_token_taken_a_moment_ago_is_refused_when_its_time_is_over() {
    let bench = Bench::start();
    let now = SystemClock.now().unix_timestamp();
    let brief = with(&with(&bench.claims, "iat", now - 60), "exp", now - 3);
    let token = bench.forge.mint(&brief);
    bench.accepts("within the leeway", &token);
    bench.accepts("a second time", &token);
    poll::until("it is over", Duration::from_secs(20), || bench.pair.me(&token).status == 401);
    bench.refuses_as("expired", "it is over", &token);
}

#[test]
fn every_copy_of_a_revoked_token_is_refused_within_a_second_and_after_restarts() {
    let mut bench = Bench::start();
    let user = User::signed_up(&bench.pair.auth, "Ada");
    let token = user.log_in(&bench.pair.auth);
    // Another text for the same session: the list of the revoked is not one of texts.
    let copy = bench.forge.mint(&with(&claims(&token), "jti", Uuid::new_v4().to_string()));
    bench.accepts("before", &token);
    bench.accepts("before, the copy", &copy);
    let id = user.public_id(&bench.pair.auth);
    bench.pair.auth.command(&["users", "disable", &id]).done();
    poll::until("the guard hears of it", Duration::from_secs(5), || {
        bench.pair.me(&token).status == 401
    });
    bench.refuses_as("revoked", "the token", &token);
    bench.refuses_as("revoked", "its copy", &copy);

    bench.pair.auth.command(&["users", "enable", &id]).done();
    let fresh = poll::wait_for("one may log in again", Duration::from_secs(5), || {
        let answer = user.try_login(&bench.pair.auth);
        (answer.status == 201).then(|| end_to_end::user::token_of(&answer))
    });
    bench.accepts("a new session", &fresh);
    bench.refuses_as("revoked", "enabling revives no session", &token);

    bench.pair.api.restart();
    bench.refuses_as("revoked", "the guard was restarted", &token);
    bench.pair.auth.restart();
    bench.refuses_as("revoked", "the issuer was restarted", &token);
    bench.pair.api.stop();
    std::fs::remove_dir_all(bench.pair.api.path("data")).expect("the replica is gone");
    bench.pair.api.start();
    bench.refuses_as("revoked", "the guard started from a snapshot", &token);
    bench.refuses_as("revoked", "the guard started from a snapshot", &copy);
    bench.accepts("the new session all the while", &fresh);
}

#[test]
fn tokens_of_a_former_key_are_good_while_it_is_published() {
    let bench = Bench::start();
    let token = bench.forge.mint(&bench.claims);
    let next = Forge::generate(2_048);
    bench.pair.import(&next);
    poll::until("the issuer signs with the new key", Duration::from_secs(5), || {
        let token = User::signed_up(&bench.pair.auth, "Late").log_in(&bench.pair.auth);
        end_to_end::token::read(&token).0["kid"] == next.kid
    });
    bench.accepts("of the former key", &token);
    bench.accepts("of the new key", &next.mint(&bench.claims));
}
