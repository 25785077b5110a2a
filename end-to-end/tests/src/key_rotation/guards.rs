//! A rotation waits for the guards.

use support::pair::Pair;
use support::poll;
use support::user::User;

use super::{LIMIT, active, keys, state};

#[test]
fn rotation_waits_for_a_stopped_guard_and_names_it() {
    let pair = Pair::start_with(&[("AUTH_JWKS_MAX_AGE", "1s"), ("AUTH_GUARD_PATIENCE", "1h")]);
    let held = |pair: &Pair| keys(&pair.auth).iter().any(|key| key["guards"][0]["holds"] == true);
    poll::until("the guard has told what it holds", LIMIT, || held(&pair));
    pair.api.pause();
    // The guard does not hear of the standby key that replaces the first one.
    pair.auth.command(&["keys", "generate"]).done();
    let rotated = pair.auth.command_json(&["keys", "rotate"]);
    let kid = rotated["kid"].as_str().expect("a kid").to_owned();
    poll::until("the late guard is named", LIMIT, || {
        pair.auth.log().contains("a guard does not hold the standby key yet")
    });
    assert_eq!(state(&pair.auth, &kid), "pending");
    pair.api.resume();
    poll::until("the guard has the key, and it signs", LIMIT, || {
        state(&pair.auth, &kid) == "active"
    });
    let user = User::signed_up(&pair.auth, "Ada");
    pair.accepts("signed with the new key", &user.log_in(&pair.auth));
}

#[test]
fn rotation_waits_for_a_guard_only_until_the_patience_ends() {
    let pair = Pair::start_with(&[("AUTH_JWKS_MAX_AGE", "1s"), ("AUTH_GUARD_PATIENCE", "2s")]);
    let first = active(&pair.auth);
    pair.api.pause();
    pair.auth.command(&["keys", "generate"]).done();
    pair.auth.command(&["keys", "rotate"]).done();
    poll::until("the standby key signs", LIMIT, || active(&pair.auth) != first);
    let log = pair.auth.log();
    assert!(log.contains("a rotation no longer waits for it"), "{log}");
    pair.api.resume();
    let user = User::signed_up(&pair.auth, "Ada");
    pair.accepts("signed with the new key", &user.log_in(&pair.auth));
}
