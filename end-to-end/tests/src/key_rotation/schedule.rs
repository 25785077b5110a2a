//! `AUTH_KEY_ROTATION_EVERY`: keys rotate without an operator, or not at all.

use std::time::Duration;

use drills::pacer::Pacer;
use serde_json::Value;
use support::pair::Pair;
use support::poll;
use support::user::User;

use super::{LIMIT, active, keys, kid_of, time_of};

const EVERY: Duration = Duration::from_secs(6);

#[test]
fn scheduled_rotations_refuse_no_good_token() {
    let mut pair = Pair::prepare();
    pair.set("AUTH_KEY_ROTATION_EVERY", &format!("{}s", EVERY.as_secs()));
    pair.set("AUTH_JWKS_MAX_AGE", "1s");
    pair.run();
    let user = User::signed_up(&pair.auth, "Ada");
    let mut tokens = vec![user.log_in(&pair.auth)];
    let mut pacer = Pacer::every(Duration::from_millis(100));
    while tokens.len() < 3 {
        let before = active(&pair.auth);
        let next = poll::wait_for("another key signs", LIMIT, || {
            pacer.wait();
            Some(active(&pair.auth)).filter(|now| *now != before)
        });
        let token = poll::wait_for("the server signs with it", LIMIT, || {
            pacer.wait();
            Some(user.log_in(&pair.auth)).filter(|token| kid_of(token) != before)
        });
        tokens.push(token);
        let keys = keys(&pair.auth);
        let key = |kid: &str| keys.iter().find(|key| key["kid"] == kid).expect("known");
        // On a slow machine the following key may sign already.
        if key(&next)["state"] == "active" {
            let (stopped, signs) = (&key(&before)["since"], &key(&next)["since"]);
            assert_eq!(time_of(stopped), time_of(signs), "one takes over from the other");
        }
        for token in &tokens {
            pair.accepts("signed before or after", token);
        }
    }
    let first = keys(&pair.auth).into_iter().map(|key| time_of(&key["since"])).min();
    let last = keys(&pair.auth).into_iter().map(|key| time_of(&key["since"])).max();
    let apart = last.zip(first).map(|(last, first)| last - first).expect("keys");
    assert!(apart >= EVERY, "two rotations lie {apart} apart");
}

#[test]
fn start_and_plan_explain_a_missing_schedule() {
    let mut pair = Pair::prepare();
    pair.set("AUTH_KEY_ROTATION_EVERY", "off");
    pair.auth.start();
    let meant = "AUTH_KEY_ROTATION_EVERY=off: keys do not rotate by schedule";
    pair.auth.wait_log(meant);
    let plan = pair.auth.command(&["keys", "plan"]).done().out;
    assert!(plan.contains(meant) && plan.contains("PEM"), "{plan}");
    let plan = pair.auth.command_json(&["keys", "plan"]);
    assert_eq!(plan["rotation_every_seconds"], Value::Null);
    assert!(plan["note"].as_str().is_some_and(|note| note.starts_with(meant)), "{plan}");
    assert_eq!(plan["keys"].as_array().map(Vec::len), Some(2), "{plan}");
    for (number, member) in [(0, "active_until"), (1, "signs_at")] {
        assert_eq!(plan["keys"][number][member], Value::Null, "{plan}");
    }
}

#[test]
fn start_and_plan_state_the_end_of_a_pem() {
    let mut pair = Pair::prepare();
    pair.auth.start();
    assert!(!pair.auth.log().contains("AUTH_KEY_ROTATION_EVERY=off"), "{}", pair.auth.log());
    let plan = pair.auth.command_json(&["keys", "plan"]);
    assert_eq!(plan["rotation_every_seconds"], 90 * 86_400);
    let until = plan["keys"][0]["active_until"].as_str().expect("a time");
    assert!(plan["note"].as_str().is_some_and(|note| note.contains(until)), "{plan}");
    pair.auth.wait_log(until);
    assert_eq!(plan["keys"][1]["state"], "pending");
    assert_eq!(plan["keys"][1]["signs_at"], until);
}
