//! The steps one by one; `simulation` runs them over years.

use time::macros::datetime;
use uuid::Uuid;

use super::*;
use crate::guards::GuardId;

const START: OffsetDateTime = datetime!(2026-01-02 03:04:05 UTC);

const POLICY: KeyPolicy = KeyPolicy {
    jwks_max_age: Duration::seconds(60),
    token_life: Duration::minutes(30),
    rotation_every: None,
    guard_patience: Duration::minutes(5),
};

fn at(seconds: i64) -> OffsetDateTime {
    START + Duration::seconds(seconds)
}

fn key(kid: &str, state: KeyState, since: i64) -> Key {
    Key { state, ..Key::fresh(kid.into(), "n".into(), "AQAB".into(), at(since)) }
}

fn activate(kid: &str) -> Step {
    Step::Activate(kid.into())
}

fn steps(keys: &[Key], now: OffsetDateTime) -> Vec<Step> {
    next_steps(keys, &[], &POLICY, now, &Timers::default())
}

fn guard(kids: &[&str], live: bool) -> Guard {
    Guard {
        id: GuardId { client_id: "api".into(), instance: Uuid::nil() },
        kids: kids.iter().map(|kid| (*kid).to_owned()).collect(),
        position: 0,
        confirmed_at: START,
        first_seen: START,
        seen_at: START,
        live,
    }
}

/// Returns an active key, and a standby key with a lead that ends at second 130. An operator asked for
/// a rotation.
fn waiting() -> [Key; 2] {
    let standby = key("b", KeyState::Pending, 0);
    let standby = Key { served_at: Some(at(10)), rotation_requested_at: Some(at(5)), ..standby };
    [key("a", KeyState::Active, 0), standby]
}

#[test]
fn requested_rotation_comes_two_max_ages_after_the_key_was_served() {
    let keys = waiting();
    assert_eq!(keys.each_ref().map(|key| next_change(key, &keys, &POLICY)), [Some(at(130)); 2]);
    assert_eq!(steps(&keys, at(129)), []);
    assert_eq!(steps(&keys, at(130)), [activate("b")]);
}

#[test]
fn standby_key_waits_for_a_request_or_the_schedule() {
    let mut keys = waiting();
    keys[1].rotation_requested_at = None;
    assert_eq!(keys.each_ref().map(|key| next_change(key, &keys, &POLICY)), [None; 2]);
    assert_eq!(steps(&keys, at(1_000_000)), []);
    let policy = KeyPolicy { rotation_every: Some(Duration::seconds(500)), ..POLICY };
    let due = |now| next_steps(&keys, &[], &policy, now, &Timers::default());
    assert_eq!(keys.each_ref().map(|key| next_change(key, &keys, &policy)), [Some(at(500)); 2]);
    assert_eq!(due(at(499)), []);
    assert_eq!(due(at(500)), [activate("b")]);
    // The lead ends later than the active key's time.
    let policy = KeyPolicy { rotation_every: Some(Duration::seconds(100)), ..POLICY };
    assert_eq!(rotation_at(&keys, &policy), Some(at(130)));
    assert_eq!(next_steps(&keys, &[], &policy, at(129), &Timers::default()), []);
    assert_eq!(next_steps(&keys, &[], &policy, at(130), &Timers::default()), [activate("b")]);
}

#[test]
fn rotation_waits_for_room_for_the_next_standby_key() {
    let mut keys = waiting().to_vec();
    let retiring = |n| key(&format!("k{n}"), KeyState::Retiring, 0);
    keys.extend((2..MAX_KEYS).map(retiring));
    assert_eq!(steps(&keys, at(130)), []);
    keys[2].state = KeyState::Retired;
    assert_eq!(steps(&keys, at(130)), [activate("b")]);
    assert!(!needs_standby(&keys));
    keys[1].state = KeyState::Active;
    assert!(needs_standby(&keys[1..]));
}

#[test]
fn unserved_key_never_signs() {
    let mut keys = waiting();
    keys[1].served_at = None;
    assert_eq!(
        next_change(&keys[1], &keys, &POLICY),
        Some(at(125)),
        "two max-ages after the request"
    );
    assert_eq!(steps(&keys, at(1_000_000)), []);
}

#[test]
fn retiring_key_leaves_a_minute_and_a_max_age_after_its_last_token() {
    let retiring = Key { last_expiry: Some(at(500)), ..key("a", KeyState::Retiring, 100) };
    let keys = [retiring, key("b", KeyState::Active, 100)];
    assert_eq!(next_change(&keys[0], &keys, &POLICY), Some(at(620)));
    assert_eq!(steps(&keys, at(619)), []);
    assert_eq!(steps(&keys, at(620)), [Step::Retire("a".into())]);
}

#[test]
fn standby_key_signs_at_once_if_no_key_is_active() {
    assert_eq!(steps(&[key("a", KeyState::Pending, 0)], at(2)), [activate("a")]);
}

#[test]
fn end_states_have_no_next_change() {
    for state in [KeyState::Retired, KeyState::Revoked] {
        let keys = [key("a", state, 0)];
        assert_eq!(next_change(&keys[0], &keys, &POLICY), None);
    }
}

#[test]
fn key_waits_for_live_guards_until_the_patience_ends() {
    let (keys, timers) = (waiting(), Timers::default());
    let due = |guards: &[Guard], now| next_steps(&keys, guards, &POLICY, now, &timers);
    let both = guard(&["a", "b"], true);
    assert_eq!(due(std::slice::from_ref(&both), at(130)), [activate("b")]);
    let late = [both, guard(&["a"], true), guard(&[], false)];
    assert_eq!(due(&late, at(130)), []);
    assert_eq!(due(&late, at(130 + 299)), []);
    assert_eq!(due(&late, at(130 + 300)), [activate("b")]);
    let named = |now| held_up_by(&keys[1], &late, &POLICY, now, &timers);
    assert_eq!((named(at(129)), named(at(130))), (vec![], vec![&late[1]]));
    assert_eq!(named(at(130 + 300)), Vec::<&Guard>::new(), "it no longer waits");
    // A guard that is gone does not delay the key.
    assert_eq!(due(&[guard(&[], false)], at(130)), [activate("b")]);
}

#[test]
fn clock_set_ahead_ends_no_lead_and_retires_no_key() {
    let mut timers = Timers::default();
    let mut keys = waiting();
    keys[1].served_at = None;
    timers.observe(&keys, START, Duration::ZERO);
    keys[1].served_at = Some(at(10));
    timers.observe(&keys, at(9_999), Duration::seconds(10));
    timers.observe(&keys, at(9_999), Duration::seconds(129));
    assert_eq!(next_steps(&keys, &[], &POLICY, at(3_600), &timers), []);
    timers.observe(&keys, at(9_999), Duration::seconds(130));
    assert_eq!(next_steps(&keys, &[], &POLICY, at(3_720), &timers), [activate("b")]);

    let life = Duration::seconds(100);
    let retiring = Key { longest_life: Some(life), ..keys[0].clone() }.stopped(at(200));
    let keys = [retiring, key("b", KeyState::Active, 200)];
    timers.observe(&keys, at(9_999), Duration::seconds(200));
    timers.observe(&keys, at(9_999), Duration::seconds(419));
    assert_eq!(next_steps(&keys, &[], &POLICY, at(9_999), &timers), []);
    timers.observe(&keys, at(9_999), Duration::seconds(420));
    let retired = next_steps(&keys, &[], &POLICY, at(9_999), &timers);
    assert_eq!(retired, [Step::Retire("a".into())]);
}
