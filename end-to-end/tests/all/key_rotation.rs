//! Keys rotate beside running services: acknowledged by the guard, late guards named, and whole
//! after every sudden end.

use std::time::Duration;

use end_to_end::pair::Pair;
use end_to_end::poll;
use end_to_end::user::User;
use serde_json::Value;

/// Five times what a loaded machine needs.
const LIMIT: Duration = Duration::from_secs(40);

fn keys(pair: &Pair) -> Vec<Value> {
    let listed = pair.auth.command_json(&["keys", "list"]);
    listed["keys"].as_array().expect("keys").clone()
}

fn state(pair: &Pair, kid: &str) -> String {
    let keys = keys(pair);
    let key = keys.iter().find(|key| key["kid"] == kid).expect("known");
    key["state"].as_str().expect("a state").to_owned()
}

fn rotate(pair: &Pair) -> String {
    let rotated = pair.auth.command_json(&["keys", "rotate"]);
    rotated["kid"].as_str().expect("a kid").to_owned()
}

#[test]
fn a_key_waits_for_a_guard_that_stands_still_which_is_named() {
    let pair = Pair::start_with(&[("AUTH_JWKS_MAX_AGE", "1s"), ("AUTH_GUARD_PATIENCE", "1h")]);
    let held = |pair: &Pair| keys(pair).iter().any(|key| key["guards"][0]["holds"] == true);
    poll::until("the guard has told what it holds", LIMIT, || held(&pair));
    pair.api.pause();
    let kid = rotate(&pair);
    poll::until("the late guard is named", LIMIT, || {
        pair.auth.log().contains("a guard does not hold the next key yet")
    });
    assert_eq!(state(&pair, &kid), "pending");
    pair.api.resume();
    poll::until("the guard has the key, and it signs", LIMIT, || state(&pair, &kid) == "active");
    let user = User::signed_up(&pair.auth, "Ada");
    pair.accepts("signed with the new key", &user.log_in(&pair.auth));
}

#[test]
fn a_sudden_end_in_a_rotation_leaves_one_active_key_and_every_token_good() {
    let mut pair = Pair::start_with(&[("AUTH_JWKS_MAX_AGE", "1s")]);
    let user = User::signed_up(&pair.auth, "Ada");
    let mut tokens = vec![user.log_in(&pair.auth)];
    for round in 0..6 {
        std::thread::scope(|scope| {
            let rotating = scope.spawn(|| pair.auth.command(&["keys", "rotate", "--immediate"]));
            poll::throughout("a moment", Duration::from_millis(15 * round), || true);
            pair.auth.process().signal("KILL");
            rotating.join().expect("ended");
        });
        pair.auth.wait_end(LIMIT);
        pair.auth.start();
        let active = keys(&pair).iter().filter(|key| key["state"] == "active").count();
        assert_eq!(active, 1, "round {round}");
        tokens.push(user.log_in(&pair.auth));
        for token in &tokens {
            poll::until("the token is good", LIMIT, || pair.me(token).status == 200);
        }
    }
}
