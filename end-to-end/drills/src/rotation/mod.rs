//! Rotations and revocations of signing keys under a steady load.

mod observer;
pub mod outcome;
mod revoking;
pub mod timeline;

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::fleet::{Fleet, Make};
use super::guard::Guard;
use super::load::{Load, StopOnDrop};
use super::minting::Minting;
use super::operator::{self, Rotation, Way};
use super::pacer::{Pacer, sleep};
use super::pool::Pool;
use super::tally::Tally;
use outcome::{Outcome, RoundFetches};
use support::{poll, signing_keys};
use timeline::Timeline;

/// The life of an access token: short, so that tokens end within the run.
const TOKEN_LIFE: Duration = Duration::from_secs(15);

/// The time between two rotations: a planned one finds a ripe standby key. After a key stops signing,
/// it stays in the set for a token's life, a minute and a `max-age`, and leaves within 10 s after
/// that. So the set holds the keys of 50 rotations at most, and has room for 64.
const fn every(way: Way) -> Duration {
    match way {
        Way::Planned => Duration::from_secs(5),
        Way::Immediate => Duration::from_secs(2),
    }
}

/// The time within which a new key must sign.
const PATIENCE: Duration = Duration::from_mins(1);

/// The parameters of a run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The kind of rotation.
    pub way: Way,
    /// The number of rotations.
    pub rounds: usize,
    /// The number of revocations of the active key after them.
    pub revocations: usize,
    /// The number of guards.
    pub guards: usize,
    /// Requests a second to all guards together.
    pub rate: u32,
    /// Fresh tokens a second.
    pub fresh: u32,
    /// True if the issuer uses a `PostgreSQL` server.
    pub postgres: bool,
    /// The seed of the random choices.
    pub seed: u64,
    /// The factor for bounds in seconds: 1, more on a busy machine.
    pub slack: u32,
    /// The time between two rotations.
    pub every: Duration,
    /// The `max-age` of the key set: a planned key waits for two of them.
    pub max_age: Duration,
}

impl Plan {
    /// A plan without rotations: three guards, as fast as the key set allows.
    pub fn fast(way: Way, seed: u64) -> Self {
        Self {
            way,
            rounds: 0,
            revocations: 0,
            guards: 3,
            rate: 400,
            fresh: 10,
            postgres: false,
            seed,
            slack: 1,
            every: every(way),
            max_age: Duration::from_secs(if way == Way::Planned { 1 } else { 15 }),
        }
    }

    /// The processes of this plan.
    pub fn make(&self) -> Make {
        Make {
            guards: self.guards,
            postgres: self.postgres,
            token_life: TOKEN_LIFE,
            max_age: self.max_age,
        }
    }

    /// The time after the revocation call for its key in which a token may still be accepted.
    pub fn bound(&self) -> Duration {
        Duration::from_secs(1) * self.slack
    }
}

/// Runs the plan. `progress` gets each line of progress.
pub fn run(plan: &Plan, progress: &(dyn Fn(String) + Sync)) -> Outcome {
    let fleet = Fleet::start(&plan.make());
    let (pool, tally) = (Pool::new(TOKEN_LIFE), Tally::new(plan.bound()));
    let timeline = Mutex::new(Timeline::default());
    let stop = AtomicBool::new(false);
    let minting = Minting::new(&fleet.auth, &pool, plan.fresh);
    let users = minting.users();
    let load =
        Load { urls: &fleet.urls(), pool: &pool, tally: &tally, rate: plan.rate, seed: plan.seed };
    let seen = |minted: &_| timeline.lock().unwrap_or_else(PoisonError::into_inner).signed(minted);
    let began = Instant::now();
    let mut outcome = Outcome::new(plan.clone());
    std::thread::scope(|scope| {
        let stopping = StopOnDrop(&stop);
        scope.spawn(|| observer::observe(&fleet, &timeline, &stop));
        minting.start(users, scope, &stop, &seen);
        load.start(scope, &stop);
        let stage = Stage { plan, fleet: &fleet, pool: &pool, timeline: &timeline };
        stage.rotate(&mut outcome, progress);
        for round in 1..=plan.revocations {
            progress(format!("revocation {round} of {}", plan.revocations));
            outcome.revocations.push(revoking::revoke_active(&stage));
        }
        // The load still presents the tokens that the last revocation made void.
        sleep(Duration::from_secs(2));
        drop(stopping);
    });
    outcome.took = began.elapsed();
    outcome.counts = tally.seen();
    outcome.mint_failures = minting.failures();
    let keys = signing_keys::keys(&fleet.auth);
    outcome.active = keys.iter().filter(|key| key["state"] == "active").count();
    outcome.timeline = timeline.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcome
}

/// The parts that the steps of a run share.
struct Stage<'a> {
    plan: &'a Plan,
    fleet: &'a Fleet,
    pool: &'a Pool,
    timeline: &'a Mutex<Timeline>,
}

impl Stage<'_> {
    fn rotate(&self, outcome: &mut Outcome, progress: &(dyn Fn(String) + Sync)) {
        let mut pacer = Pacer::every(self.plan.every);
        let mut before: Vec<_> =
            self.fleet.guards.iter().map(Guard::fetches_beyond_polling).collect();
        let mut kids = BTreeSet::new();
        while outcome.rounds < self.plan.rounds {
            pacer.wait();
            self.count_fetches(outcome, &mut before);
            let asked = Instant::now();
            let begun = operator::rotate(self.fleet, self.plan.way);
            let Rotation::Begun { kid, active } = begun else {
                outcome.full += 1;
                continue;
            };
            assert!(kids.insert(kid.clone()), "a rotation begins with a key of its own: {kid}");
            self.timeline().key(&kid).planned = self.plan.way == Way::Planned;
            poll::until("the new key signs", PATIENCE, || self.signs(&kid));
            outcome.rounds += 1;
            let until = if active { &mut outcome.until_signed } else { &mut outcome.until_ripe };
            until.push(asked.elapsed());
            if outcome.rounds.is_multiple_of(10) {
                progress(format!("{} of {} rotations", outcome.rounds, self.plan.rounds));
            }
        }
        pacer.wait();
        self.count_fetches(outcome, &mut before);
    }

    /// Counts the fetches since the last rotation. They end when the guards hold the standby key.
    fn count_fetches(&self, outcome: &mut Outcome, before: &mut Vec<usize>) {
        let now: Vec<_> = self.fleet.guards.iter().map(Guard::fetches_beyond_polling).collect();
        if outcome.fetches.len() < outcome.rounds {
            let beyond = now.iter().zip(&*before).map(|(now, before)| now - before);
            outcome.fetches.push(RoundFetches { beyond: beyond.collect() });
        }
        *before = now;
    }

    fn signs(&self, kid: &str) -> bool {
        self.pool.newest().is_some_and(|token| &*token.kid == kid)
    }

    fn timeline(&self) -> std::sync::MutexGuard<'_, Timeline> {
        self.timeline.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
