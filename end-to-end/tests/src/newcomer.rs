//! The first start of the services, and the first requests of new users.

use std::time::Duration;

use support::client::Client;
use support::pair::{Pair, issuer_in};
use support::poll;
use support::user::User;

#[test]
fn first_serve_in_an_empty_folder_initialises_it() {
    let mut pair = Pair::bare();
    pair.run();
    let user = User::signed_up(&pair.auth, "Ada");
    let token = user.log_in(&pair.auth);
    assert_eq!(pair.me(&token).expect(200).json()["email"], user.email);
    let head = pair.api.request("HEAD", "/user/me").bearer(&token).send().expect(200);
    assert!(head.body.is_empty(), "{head:?}");
}

#[test]
fn start_warns_once_of_each_open_default_and_not_of_a_changed_one() {
    let mut pair = Pair::start();
    let open = ["AUTH_REGISTRATION=off in .env", "API_USER_LIST=admin in .env"];
    let count = |pair: &Pair, text| {
        pair.auth.log().matches(text).count() + pair.api.log().matches(text).count()
    };
    pair.auth.wait_log(open[0]);
    pair.api.wait_log(open[1]);
    assert_eq!(open.map(|text| count(&pair, text)), [1, 1]);
    let log = pair.api.log();
    assert!(log.find(open[1]) > log.find("the guard serves"), "at the end of the start: {log}");

    pair.set("AUTH_REGISTRATION", "off");
    pair.set("API_USER_LIST", "admin");
    pair.auth.restart();
    pair.api.restart();
    pair.auth.stop();
    pair.api.stop();
    assert_eq!(open.map(|text| count(&pair, text)), [1, 1]);
}

#[test]
fn own_record_is_readable_right_after_sign_up_and_log_in() {
    let pair = Pair::start();
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let pair = &pair;
            scope.spawn(move || {
                for round in 0..15 {
                    let user = User::signed_up(&pair.auth, &format!("User {worker} {round}"));
                    let token = user.log_in(&pair.auth);
                    assert_eq!(pair.me(&token).expect(200).json()["email"], user.email);
                }
            });
        }
    });
}

#[test]
fn init_in_another_folder_changes_nothing_for_the_running_guard() {
    let mut pair = Pair::start();
    let user = User::signed_up(&pair.auth, "Ada");
    let token = user.log_in(&pair.auth);
    pair.accepts("it works", &token);
    let guard = Client::of_the_guard(&pair.auth);
    let mut other = issuer_in(&pair.folder().join("other"));
    let database = format!("sqlite://{}", pair.auth.path("data/auth.db").display());
    other.launch.set("AUTH_DATABASE_URL", &database);
    for _ in 0..2 {
        let said = other.command(&["init"]).done().out;
        assert!(said.contains("the client keeps its secret"), "{said}");
        let said = pair.auth.command(&["init"]).done().out;
        assert!(said.contains("is registered, its secret is in"), "{said}");
    }
    assert!(!other.path("keys/clients").exists());
    guard.try_token(&pair.auth, &[]).expect(200);
    // A guard that has to authenticate again can.
    pair.api.restart();
    let late = User::signed_up(&pair.auth, "Late");
    pair.accepts_soon("the feed goes on", &late.log_in(&pair.auth));

    // The command that `init` names gives the other folder a secret, and the guard's stays good.
    let said = other.command(&["init"]).done().out;
    let (_, command) = said.trim_end().rsplit_once(": auth-service ").expect("a command");
    other.command(&command.split(' ').collect::<Vec<_>>()).done();
    Client::of_the_guard(&other).try_token(&pair.auth, &[]).expect(200);
    guard.try_token(&pair.auth, &[]).expect(200);
    poll::until("the guard stays ready", Duration::from_secs(10), || pair.api.ready());
}
