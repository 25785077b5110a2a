//! A planned key waits for the guards.

use support::pair::Pair;
use support::poll;
use support::user::User;

use super::{LIMIT, keys, state};

#[test]
fn pending_key_waits_for_a_stopped_guard_and_names_it() {
    let pair = Pair::start_with(&[("AUTH_JWKS_MAX_AGE", "1s"), ("AUTH_GUARD_PATIENCE", "1h")]);
    let held = |pair: &Pair| keys(&pair.auth).iter().any(|key| key["guards"][0]["holds"] == true);
    poll::until("the guard has told what it holds", LIMIT, || held(&pair));
    pair.api.pause();
    let rotated = pair.auth.command_json(&["keys", "rotate"]);
    let kid = rotated["kid"].as_str().expect("a kid").to_owned();
    poll::until("the late guard is named", LIMIT, || {
        pair.auth.log().contains("a guard does not hold the next key yet")
    });
    assert_eq!(state(&pair.auth, &kid), "pending");
    pair.api.resume();
    poll::until("the guard has the key, and it signs", LIMIT, || {
        state(&pair.auth, &kid) == "active"
    });
    let user = User::signed_up(&pair.auth, "Ada");
    pair.accepts("signed with the new key", &user.log_in(&pair.auth));
}
