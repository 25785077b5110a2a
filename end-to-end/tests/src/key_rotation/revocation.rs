//! The emergency: a key is revoked, and every guard acknowledges it.

use std::time::{Duration, Instant};

use drills::fleet::{Fleet, Make};
use serde_json::Value;
use support::poll;
use support::user::User;

use super::{LIMIT, keys, kid_of, published};

/// The time that `keys revoke` waits for guards.
const PATIENCE: Duration = Duration::from_secs(5);

fn three_guards() -> Fleet {
    let fleet = Fleet::start(&Make {
        guards: 3,
        postgres: false,
        token_life: Duration::from_mins(5),
        max_age: Duration::from_mins(1),
    });
    poll::until("every guard has told what it holds", LIMIT, || {
        let keys = keys(&fleet.auth);
        let guards = keys[0]["guards"].as_array().expect("guards");
        guards.len() == 3 && guards.iter().all(|guard| guard["holds"] == true)
    });
    fleet
}

fn answers(fleet: &Fleet, token: &str) -> Vec<u16> {
    let me = |url: &str| support::http::request("GET", &format!("{url}/user/me")).bearer(token);
    fleet.guards.iter().map(|guard| me(&guard.url).send().status).collect()
}

fn receipts(told: &Value) -> (Vec<&Value>, Vec<&Value>) {
    let guards = told["guards"].as_array().expect("guards").iter();
    guards.partition(|guard| guard["confirmed_at"].is_string())
}

#[test]
fn revoke_wait_for_a_stopped_guard_exits_1_and_names_it() {
    let fleet = three_guards();
    let auth = &fleet.auth;
    let token = User::signed_up(auth, "Ada").log_in(auth);
    poll::until("every guard takes the token", LIMIT, || answers(&fleet, &token) == [200; 3]);
    fleet.guards[1].service().pause();

    let began = Instant::now();
    let ended = auth.command(&["keys", "revoke", &kid_of(&token), "--wait", "--json"]);
    assert!((PATIENCE..5 * PATIENCE).contains(&began.elapsed()), "{:?}", began.elapsed());
    ended.failed_with(1, &["1 of 3 live guards have not confirmed it within 5 s"]);
    let told: Value = serde_json::from_str(&ended.out).expect("JSON");
    let (confirmed, missing) = receipts(&told);
    assert!(confirmed.len() == 2 && missing.len() == 1, "{told}");
    let late = missing[0]["instance"].as_str().expect("an instance");
    // Without --wait a missing acknowledgement is reported, and is no failure.
    let table = auth.command(&["keys", "revoke", &kid_of(&token)]).done().out;
    let row = table.lines().find(|line| line.contains(late)).expect("a row");
    assert!(row.contains("has not confirmed it yet"), "{table}");
    // The key is void all the same, and has left the key set.
    assert!(!published(auth).contains(&kid_of(&token)));

    fleet.guards[1].service().resume();
    poll::until("it hears of it when it goes on", LIMIT, || answers(&fleet, &token) == [401; 3]);
    let told = auth.command_json(&["keys", "revoke", &kid_of(&token), "--wait"]);
    assert_eq!(receipts(&told).0.len(), 3, "again is no change, and all have confirmed: {told}");
}
