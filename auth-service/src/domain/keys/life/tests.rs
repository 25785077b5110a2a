//! Simulated lives: whatever an operator and the clock do, one key signs, and no key leaves while a
//! token of it lives.

use proptest::prelude::*;
use time::macros::datetime;

use super::*;

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

fn step(kid: &str, to: KeyState) -> Step {
    Step { kid: kid.into(), to }
}

#[test]
fn a_pending_key_signs_two_max_ages_after_it_was_first_served() {
    let active = key("a", KeyState::Active, 0);
    let pending = Key { served_at: Some(at(10)), ..key("b", KeyState::Pending, 0) };
    let keys = [active, pending];
    assert_eq!(next_change(&keys[1], &POLICY), Some(at(130)));
    assert_eq!(next_steps(&keys, &POLICY, at(129)), []);
    assert_eq!(next_steps(&keys, &POLICY, at(130)), [step("b", KeyState::Active)]);
}

#[test]
fn a_key_that_no_server_served_does_not_sign_however_old() {
    let keys = [key("a", KeyState::Active, 0), key("b", KeyState::Pending, 0)];
    assert_eq!(next_change(&keys[1], &POLICY), None);
    assert_eq!(next_steps(&keys, &POLICY, at(1_000_000)), []);
}

#[test]
fn a_retiring_key_leaves_a_minute_and_a_max_age_after_its_last_token() {
    let retiring = Key { last_expiry: Some(at(500)), ..key("a", KeyState::Retiring, 100) };
    let keys = [retiring, key("b", KeyState::Active, 100)];
    assert_eq!(next_change(&keys[0], &POLICY), Some(at(620)));
    assert_eq!(next_steps(&keys, &POLICY, at(619)), []);
    assert_eq!(next_steps(&keys, &POLICY, at(620)), [step("a", KeyState::Retired)]);
}

#[test]
fn where_no_key_signs_the_oldest_pending_one_does_at_once() {
    let keys = [key("a", KeyState::Pending, 0), key("b", KeyState::Pending, 1)];
    assert_eq!(next_steps(&keys, &POLICY, at(2)), [step("a", KeyState::Active)]);
}

#[test]
fn the_end_states_have_no_next_change() {
    for state in [KeyState::Active, KeyState::Retired, KeyState::Revoked] {
        assert_eq!(next_change(&key("a", state, 0), &POLICY), None);
    }
}

/// What can happen beside the steps.
#[derive(Debug, Clone)]
enum Happening {
    /// Time passes; the clock may also be set back.
    Pass(i64),
    /// A key is added, planned or at once.
    Add { at_once: bool },
    /// A server serves what is published.
    Serve,
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = prop_oneof![
        6 => (0_i64..400).prop_map(Happening::Pass),
        1 => (-20_i64..0).prop_map(Happening::Pass),
        1 => (2_000_i64..5_000).prop_map(Happening::Pass),
        2 => any::<bool>().prop_map(|at_once| Happening::Add { at_once }),
        4 => Just(Happening::Serve),
    ];
    prop::collection::vec(one, 1..120)
}

/// The keys and the tokens that they signed, with the store's rules applied to them.
struct World {
    keys: Vec<Key>,
    now: OffsetDateTime,
    /// (key, when its last token is over).
    tokens: Vec<(String, OffsetDateTime)>,
    /// How far the clock was set back in all.
    set_back: Duration,
}

impl World {
    fn change(&mut self, kid: &str, change: impl FnOnce(Key) -> Key) {
        let key = self.keys.iter_mut().find(|key| key.kid == kid).expect("known");
        *key = change(key.clone());
    }

    fn active(&self) -> Vec<String> {
        let active = self.keys.iter().filter(|key| key.state == KeyState::Active);
        active.map(|key| key.kid.clone()).collect()
    }

    fn activate(&mut self, kid: &str) {
        let now = self.now;
        for active in self.active() {
            self.change(&active, |key| key.stopped(now));
        }
        self.change(kid, |key| key.activated(now));
    }

    fn happen(&mut self, happening: &Happening) {
        match happening {
            Happening::Pass(seconds) => {
                self.now += Duration::seconds(*seconds);
                self.set_back += Duration::seconds((-*seconds).max(0));
            }
            Happening::Add { at_once } => {
                let kid = format!("k{}", self.keys.len());
                self.keys.push(Key::fresh(kid.clone(), "n".into(), "AQAB".into(), self.now));
                if *at_once || self.active().is_empty() {
                    self.activate(&kid);
                }
            }
            Happening::Serve => {
                let now = self.now;
                for key in self.keys.iter_mut().filter(|key| key.state.published()) {
                    key.served_at.get_or_insert(now);
                }
            }
        }
    }

    fn step(&mut self) -> Result<(), TestCaseError> {
        for step in next_steps(&self.keys, &POLICY, self.now) {
            let key = self.keys.iter().find(|key| key.kid == step.kid).expect("known").clone();
            match step.to {
                KeyState::Active => {
                    let served = key.served_at.expect("served before it signs");
                    prop_assert!(self.now - served >= POLICY.jwks_max_age * 2, "{key:?}");
                    self.activate(&step.kid);
                }
                KeyState::Retired => {
                    for (_, expiry) in self.tokens.iter().filter(|(kid, _)| *kid == step.kid) {
                        let late = self.now - *expiry;
                        prop_assert!(
                            late + self.set_back >= Duration::seconds(60) + POLICY.jwks_max_age,
                            "{key:?} leaves {late} after its last token"
                        );
                    }
                    let now = self.now;
                    self.change(&step.kid, |key| Key {
                        state: KeyState::Retired,
                        since: now,
                        ..key
                    });
                }
                other => prop_assert!(false, "no step leads to {other:?}"),
            }
        }
        prop_assert_eq!(next_steps(&self.keys, &POLICY, self.now), vec![], "a step is left over");
        Ok(())
    }

    /// The active key signs a token of the longest life.
    fn sign(&mut self) {
        let (kid, life) = (self.active()[0].clone(), POLICY.token_life);
        self.change(&kid, |key| Key { longest_life: Some(life), signed: true, ..key });
        let expiry = self.now + life;
        self.tokens.retain(|(known, at)| *known != kid || *at > expiry);
        self.tokens.push((kid, expiry));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn exactly_one_key_signs_and_none_leaves_while_a_token_of_it_lives(
        happenings in happenings()
    ) {
        let first = key("first", KeyState::Active, 0);
        let mut world = World { keys: vec![first], now: START, tokens: vec![], set_back: Duration::ZERO };
        for happening in &happenings {
            world.happen(happening);
            world.step()?;
            prop_assert_eq!(world.active().len(), 1, "after {:?}", happening);
            world.sign();
        }
    }
}
