//! Simulated years with operators, guards, crashes and a wrong clock: one key signs, at most one is the
//! standby key, none signs before its time, none leaves while a token of it lives, and a revoked one
//! never comes back.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use time::macros::datetime;
use uuid::Uuid;

use super::*;
use crate::audit::Act;
use crate::guards::GuardId;
use crate::keys::changes::{KeyChanges, activate, add, revoke, revoke_all, rotate};
use crate::keys::{Addition, RotationRequest};

const START: OffsetDateTime = datetime!(2026-01-02 03:04:05 UTC);

const POLICY: KeyPolicy = KeyPolicy {
    jwks_max_age: Duration::seconds(60),
    token_life: Duration::minutes(30),
    rotation_every: Some(Duration::days(30)),
    guard_patience: Duration::minutes(5),
};

/// The events beside the steps.
#[derive(Debug, Clone)]
enum Happening {
    Pass(i64),
    SetClock(i64),
    Rotate {
        immediate: bool,
    },
    Revoke(prop::sample::Index),
    RevokeAll,
    Generate,
    /// The pair of the next standby key is made.
    MakeStandby,
    /// The process is killed and started again.
    Restart,
    /// The guard of this number fetches the key set, goes, or comes.
    Guard(u8, bool),
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = prop_oneof![
        6 => (0_i64..400).prop_map(Happening::Pass),
        3 => (400_i64..20 * 86_400).prop_map(Happening::Pass),
        1 => Just(Happening::SetClock(-10)),
        1 => (-4_000_i64..4_000).prop_map(Happening::SetClock),
        2 => any::<bool>().prop_map(|immediate| Happening::Rotate { immediate }),
        1 => any::<prop::sample::Index>().prop_map(Happening::Revoke),
        1 => prop_oneof![9 => Just(Happening::Generate), 1 => Just(Happening::RevokeAll)],
        6 => Just(Happening::MakeStandby),
        1 => Just(Happening::Restart),
        4 => (0_u8..3, any::<bool>()).prop_map(|(guard, there)| Happening::Guard(guard, there)),
    ];
    prop::collection::vec(one, 1..150)
}

/// The time at which a part of a key's life began: the true time, and the clock's error then.
#[derive(Debug, Clone, Copy)]
struct Began {
    at: i64,
    off: i64,
}

struct World {
    keys: Vec<Key>,
    guards: Vec<Guard>,
    timers: Timers,
    /// True seconds.
    time: i64,
    started: i64,
    /// The error of the clock.
    off: i64,
    latest: OffsetDateTime,
    served: BTreeMap<String, Began>,
    stopped: BTreeMap<String, Began>,
    /// Keys without a measurement: a restart forgot it, and the clock was set since.
    excused: BTreeSet<String>,
    /// Key, and the true second at which its token is over.
    tokens: Vec<(String, i64)>,
    gone: BTreeMap<String, KeyState>,
}

impl World {
    fn new() -> Self {
        let first = Key::fresh("k0".into(), "n".into(), "AQAB".into(), START).activated(START);
        Self {
            keys: vec![first],
            guards: Vec::new(),
            timers: Timers::default(),
            time: 0,
            started: 0,
            off: 0,
            latest: START,
            served: BTreeMap::new(),
            stopped: BTreeMap::new(),
            excused: BTreeSet::new(),
            tokens: Vec::new(),
            gone: BTreeMap::new(),
        }
    }

    fn now(&self) -> OffsetDateTime {
        START + Duration::seconds(self.time + self.off)
    }

    fn key(&mut self, kid: &str) -> &mut Key {
        self.keys.iter_mut().find(|key| key.kid == kid).expect("known")
    }

    fn active(&self) -> Vec<String> {
        let active = self.keys.iter().filter(|key| key.state == KeyState::Active);
        active.map(|key| key.kid.clone()).collect()
    }

    /// Returns the next new key.
    fn new_key(&self) -> Key {
        Key::fresh(format!("k{}", self.keys.len()), "n".into(), "AQAB".into(), self.now())
    }

    fn act(&self) -> Act {
        Act::by_operator(self.now())
    }

    fn pending(&self) -> Option<String> {
        let pending = self.keys.iter().find(|key| key.state == KeyState::Pending);
        pending.map(|key| key.kid.clone())
    }

    fn apply(&mut self, changes: KeyChanges) {
        let began = Began { at: self.time, off: self.off };
        for key in changes.updated {
            let kid = key.kid.clone();
            if key.state == KeyState::Retiring {
                self.stopped.insert(kid.clone(), began);
            }
            *self.key(&kid) = key;
        }
        self.keys.extend(changes.added);
    }

    /// Rotates as a server does: at once if the standby key is ripe.
    fn rotate(&mut self, immediate: bool) -> Result<(), TestCaseError> {
        let Some(standby) = standby(&self.keys) else { return Ok(()) };
        let kid = standby.kid.clone();
        let request = if immediate {
            RotationRequest::Immediate
        } else if is_ripe(standby, &self.guards, &POLICY, self.now(), &self.timers) {
            self.is_truly_ripe(&kid)?;
            RotationRequest::Ripe
        } else {
            RotationRequest::Scheduled
        };
        let (_, changes) = rotate(&self.keys, &kid, request, &self.act());
        self.apply(changes);
        Ok(())
    }

    fn add(&mut self, addition: Addition) {
        let (_, changes) = add(&self.keys, &self.new_key(), addition, true, &self.act());
        self.apply(changes);
    }

    /// Checks by the true time that verifiers hold the key.
    fn is_truly_ripe(&self, kid: &str) -> Result<(), TestCaseError> {
        let lead = self.time - self.served[kid].at;
        let patience = POLICY.guard_patience.whole_seconds();
        if !self.excused.contains(kid) {
            prop_assert!(lead >= 120, "{kid} signs {lead} s after it was served");
            let late = self.guards.iter().any(|guard| guard.live && !guard.holds(kid));
            prop_assert!(!late || lead >= 120 + patience, "{kid} waits for no guard");
        }
        Ok(())
    }

    fn happen(&mut self, happening: &Happening) -> Result<(), TestCaseError> {
        match happening {
            Happening::Pass(seconds) => self.time += seconds,
            Happening::SetClock(by) => self.off = if *by == -10 { self.off - 10 } else { *by },
            Happening::Rotate { immediate } => self.rotate(*immediate)?,
            Happening::Generate => self.add(Addition::Generated),
            Happening::MakeStandby => self.add(Addition::Standby),
            Happening::RevokeAll => {
                let (_, changes) =
                    revoke_all(&self.keys, &self.new_key(), &self.act()).expect("a new key");
                self.apply(changes);
                self.tokens.clear();
            }
            Happening::Revoke(index) => {
                let kid = index.get(&self.keys).kid.clone();
                let (successor, next) = (self.pending(), self.new_key());
                let act = self.act();
                let revoked =
                    revoke(&self.keys, &kid, successor.as_deref(), Some(&next), None, &act);
                self.apply(revoked.expect("a successor").1);
                self.tokens.retain(|(of, _)| *of != kid);
            }
            Happening::Restart => {
                self.timers = Timers::default();
                self.started = self.time;
                self.latest = self.now();
                for (kid, began) in self.served.iter().chain(&self.stopped) {
                    if began.off != self.off {
                        self.excused.insert(kid.clone());
                    }
                }
            }
            Happening::Guard(number, there) => {
                let id = GuardId {
                    client_id: "api".into(),
                    instance: Uuid::from_u128((*number).into()),
                };
                self.guards.retain(|guard| guard.id != id);
                let keys = self.keys.iter().filter(|key| key.state.published());
                let now = self.now();
                self.guards.push(Guard {
                    id,
                    kids: keys.map(|key| key.kid.clone()).collect(),
                    position: 0,
                    confirmed_at: now,
                    first_seen: now,
                    seen_at: now,
                    live: *there,
                });
            }
        }
        Ok(())
    }

    /// Runs one round of a server.
    fn round(&mut self) -> Result<(), TestCaseError> {
        let (now, began) = (self.now(), Began { at: self.time, off: self.off });
        if self.latest - now > Duration::seconds(1) {
            let floor = self.latest + Duration::seconds(5) + POLICY.token_life;
            let active = self.active().remove(0);
            let key = self.key(&active);
            key.last_expiry = key.last_expiry.max(Some(floor));
            self.latest = now;
        }
        self.latest = self.latest.max(now);
        for _ in 0..4 {
            for key in self.keys.iter_mut().filter(|key| key.state.published()) {
                if key.served_at.is_none_or(|at| at > now) {
                    key.served_at = Some(now);
                }
                self.served.entry(key.kid.clone()).or_insert(began);
            }
            self.timers.observe(&self.keys, now, Duration::seconds(self.time - self.started));
            let steps = next_steps(&self.keys, &self.guards, &POLICY, now, &self.timers);
            if steps.is_empty() {
                return Ok(());
            }
            for step in steps {
                self.take(&step)?;
            }
        }
        Err(TestCaseError::fail("the steps have no end"))
    }

    fn take(&mut self, step: &Step) -> Result<(), TestCaseError> {
        match step {
            Step::Activate(kid) => {
                self.is_truly_ripe(kid)?;
                let (_, changes) = activate(&self.keys, kid, &self.act());
                self.apply(changes);
            }
            Step::Retire(kid) => {
                if !self.excused.contains(kid) {
                    for (_, over) in self.tokens.iter().filter(|(of, _)| of == kid) {
                        prop_assert!(self.time - over >= 60, "a token of {kid} lives: {over}");
                    }
                }
                let now = self.now();
                let key = self.key(kid);
                prop_assert_eq!(key.state, KeyState::Retiring);
                *key = Key { state: KeyState::Retired, since: now, ..key.clone() };
            }
        }
        Ok(())
    }

    /// Signs with the active key. A token from the future is not good, so its key is not needed.
    fn sign(&mut self) {
        let (kid, life) = (self.active().remove(0), POLICY.token_life);
        let key = self.key(&kid);
        key.longest_life = Some(life);
        key.signed = true;
        if self.off <= 10 {
            self.tokens.push((kid, self.time + self.off + life.whole_seconds()));
        }
    }

    fn check(&mut self) -> Result<(), TestCaseError> {
        prop_assert_eq!(self.active().len(), 1);
        let pending = self.keys.iter().filter(|key| key.state == KeyState::Pending).count();
        prop_assert!(pending <= 1, "{pending} standby keys");
        let published = self.keys.iter().filter(|key| key.state.published()).count();
        prop_assert!(published <= MAX_KEYS, "{published} keys are published");
        for key in &self.keys {
            let before = self.gone.get(&key.kid).copied();
            let came_back = match before {
                Some(KeyState::Revoked) => key.state != KeyState::Revoked,
                Some(_) => !matches!(key.state, KeyState::Retired | KeyState::Revoked),
                None => false,
            };
            prop_assert!(!came_back, "{key:?} was {before:?}");
            if matches!(key.state, KeyState::Retired | KeyState::Revoked) {
                self.gone.insert(key.kid.clone(), key.state);
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_key_signs_in_its_time_and_stays_for_its_tokens(happenings in happenings()) {
        let mut world = World::new();
        for happening in &happenings {
            world.happen(happening)?;
            world.round()?;
            world.check()?;
            world.sign();
        }
    }
}
