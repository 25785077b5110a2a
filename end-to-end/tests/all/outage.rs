//! One service without the other.

use std::fs;
use std::time::Duration;

use end_to_end::hearing::starts_unheard;
use end_to_end::pair::Pair;
use end_to_end::poll;
use end_to_end::user::User;

#[test]
fn the_guard_answers_while_the_issuer_is_gone_and_after_its_own_restart() {
    let mut pair = Pair::start();
    let user = User::signed_up(&pair.auth, "Ada");
    let token = user.log_in(&pair.auth);
    pair.accepts("the issuer runs", &token);

    pair.auth.stop();
    poll::throughout("the guard answers without the issuer", Duration::from_secs(1), || {
        pair.me(&token).status == 200 && pair.api.ready()
    });
    pair.api.restart();
    pair.accepts("the guard was restarted without the issuer", &token);
    assert!(pair.api.ready(), "an outage of the issuer is no reason to be taken out of service");

    pair.auth.start();
    let late = User::signed_up(&pair.auth, "Grace");
    pair.accepts_soon("the issuer is back", &late.log_in(&pair.auth));
}

#[test]
fn the_guard_starts_while_the_issuer_takes_calls_and_answers_none() {
    let mut pair = Pair::start();
    let user = User::signed_up(&pair.auth, "Ada");
    let token = user.log_in(&pair.auth);
    pair.accepts("the issuer runs", &token);
    pair.auth.pause();
    pair.accepts("the issuer stands still", &token);
    let unheard = starts_unheard(&pair.api);
    pair.api.restart();
    poll::until("the guard says that it serves what it holds", Duration::from_secs(20), || {
        starts_unheard(&pair.api) == unheard + 1
    });
    pair.accepts("the guard was restarted while the issuer stands still", &token);
    pair.auth.resume();
    let late = User::signed_up(&pair.auth, "Grace");
    pair.accepts_soon("the issuer goes on", &late.log_in(&pair.auth));
}

#[test]
fn a_guard_without_a_replica_and_without_an_issuer_answers_nothing_and_gets_well() {
    let mut pair = Pair::prepare();
    pair.auth.start();
    let user = User::signed_up(&pair.auth, "Ada");
    let token = user.log_in(&pair.auth);
    pair.auth.stop();
    pair.api.spawn();
    pair.api.wait_live();
    poll::throughout("it knows nothing and says so", Duration::from_secs(3), || {
        let answer = pair.me(&token);
        answer.clone().problem(503);
        answer.retry_after() >= 1 && !pair.api.ready()
    });
    pair.auth.start();
    pair.api.wait_ready();
    pair.accepts("the issuer came", &token);
}

#[test]
fn a_guard_without_its_secret_is_live_and_takes_the_secret_up_when_it_comes() {
    let mut pair = Pair::prepare();
    pair.auth.start();
    let user = User::signed_up(&pair.auth, "Ada");
    let token = user.log_in(&pair.auth);
    let secret = pair.auth.path("keys/clients/api-service.secret");
    let aside = pair.folder().join("aside");
    fs::rename(&secret, &aside).expect("moved away");
    pair.api.spawn();
    pair.api.wait_live();
    pair.me(&token).problem(503);
    assert!(!pair.api.ready());
    fs::rename(&aside, &secret).expect("moved back");
    // It looks again within two seconds; five times, and a start's first answers.
    poll::until("the secret is taken up", Duration::from_secs(20), || pair.api.ready());
    pair.accepts("the secret is there", &token);
}

#[test]
fn the_issuer_does_not_notice_that_the_guard_is_gone() {
    let mut pair = Pair::start();
    pair.api.stop();
    let user = User::signed_up(&pair.auth, "Ada");
    let token = user.log_in(&pair.auth);
    assert!(pair.auth.ready());
    pair.api.start();
    pair.accepts_soon("the guard came back and heard of the user", &token);
}

#[test]
fn a_replica_may_be_deleted_at_any_time() {
    let mut pair = Pair::start();
    let user = User::signed_up(&pair.auth, "Ada");
    let token = user.log_in(&pair.auth);
    pair.accepts("before", &token);
    pair.api.stop();
    fs::remove_dir_all(pair.api.path("data")).expect("the replica is gone");
    pair.api.start();
    pair.accepts("after", &token);
}
