//! Log-outs under a steady load: the time until every guard refuses the ended session's token, also
//! while a guard is killed, cut off, or started without its replica.

pub mod ending;
pub mod outcome;
pub mod trouble;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::fleet::{Fleet, Make};
use super::holder::{Holder, Minted};
use super::load::{Load, StopOnDrop};
use super::pacer::Pacer;
use super::pool::Pool;
use super::showing::{Verdict, show};
use super::tally::Tally;
use outcome::Phase;
use support::poll;
use trouble::Trouble;

/// The life of an access token; no token expires during the run.
const TOKEN_LIFE: Duration = Duration::from_mins(30);

/// The number of clients that log out at the same time.
const CLIENTS: usize = 6;

/// The number of sessions of the load, which never end.
const LASTING: usize = 20;

/// The time within which a guard is ready again after trouble.
const PATIENCE: Duration = Duration::from_secs(30);

/// The parameters of a run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Log-outs without trouble.
    pub logouts: usize,
    /// Log-outs with each kind of trouble.
    pub troubled: usize,
    /// Log-outs a second.
    pub pace: u32,
    /// The number of guards.
    pub guards: usize,
    /// Requests a second of the load on all guards together.
    pub rate: u32,
    /// True if the issuer uses a `PostgreSQL` server.
    pub postgres: bool,
    /// The seed of the random choices.
    pub seed: u64,
    /// The factor for bounds in seconds: 1, more on a busy machine.
    pub slack: u32,
}

impl Plan {
    /// The processes of this plan.
    pub fn make(&self) -> Make {
        Make {
            guards: self.guards,
            postgres: self.postgres,
            token_life: TOKEN_LIFE,
            max_age: Duration::from_mins(1),
        }
    }
}

/// Runs the plan, a phase for each kind of trouble. `progress` gets each line of progress.
pub fn run(plan: &Plan, progress: &(dyn Fn(String) + Sync)) -> Vec<Phase> {
    let fleet = Fleet::start(&plan.make());
    let mut phases = Vec::new();
    for trouble in Trouble::ALL {
        let logouts = if trouble == Trouble::None { plan.logouts } else { plan.troubled };
        if logouts == 0 {
            continue;
        }
        progress(format!("{}: {logouts} log-ins first", trouble.word()));
        // Log-ins are expensive, so they come before the measurement.
        let sessions = open_sessions(&fleet, logouts + LASTING);
        let (lasting, ending) = sessions.split_at(LASTING);
        progress(format!("{}: {logouts} log-outs", trouble.word()));
        phases.push(phase(plan, &fleet, trouble, lasting, ending));
    }
    phases
}

/// Opens `count` sessions of a few users.
fn open_sessions(fleet: &Fleet, count: usize) -> Vec<Minted> {
    let (sessions, left) = (Mutex::new(Vec::new()), AtomicUsize::new(count));
    std::thread::scope(|scope| {
        for number in 0..4 {
            let (sessions, left) = (&sessions, &left);
            scope.spawn(move || {
                let mut holder = Holder::signed_up(&fleet.auth, &format!("Ada {number}"));
                let take = |left| if left == 0 { None } else { Some(left - 1) };
                while left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok() {
                    let minted = holder.log_in(&fleet.auth).expect("a log-in");
                    sessions.lock().unwrap_or_else(PoisonError::into_inner).push(minted);
                }
            });
        }
    });
    sessions.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn phase(
    plan: &Plan,
    fleet: &Fleet,
    trouble: Trouble,
    lasting: &[Minted],
    ending: &[Minted],
) -> Phase {
    let (pool, tally) = (Pool::new(TOKEN_LIFE), Tally::new(Duration::MAX / 4));
    for minted in lasting {
        pool.add(minted);
    }
    all_take(fleet, lasting);
    let load =
        Load { urls: &fleet.urls(), pool: &pool, tally: &tally, rate: plan.rate, seed: plan.seed };
    let (ended, spans) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (stop, calm) = (AtomicBool::new(false), AtomicBool::new(false));
    let began = Instant::now();
    std::thread::scope(|scope| {
        let stopping = StopOnDrop(&stop);
        let calming = StopOnDrop(&calm);
        load.start(scope, &stop);
        let maker = scope.spawn(|| {
            trouble::make(trouble, &fleet.guards[0], plan.seed, &spans, &calm);
        });
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                scope.spawn(|| {
                    let mut pacer = Pacer::new(f64::from(plan.pace) / CLIENTS as f64);
                    while let Some(minted) = ending.get(next.fetch_add(1, Ordering::SeqCst)) {
                        pacer.wait();
                        match ending::log_out(&fleet.auth, &fleet.guards, &minted.text) {
                            Some(one) => ended.lock().expect("no client failed").push(one),
                            None => drop(failed.fetch_add(1, Ordering::SeqCst)),
                        }
                    }
                })
            })
            .collect();
        for client in clients {
            client.join().expect("a client");
        }
        drop(calming);
        maker.join().expect("trouble");
        drop(stopping);
    });
    let took = began.elapsed();
    all_take(fleet, lasting);
    Phase {
        plan: plan.clone(),
        trouble,
        ended: ended.into_inner().expect("no client failed"),
        failed: failed.into_inner(),
        spans: spans.into_inner().unwrap_or_else(PoisonError::into_inner),
        taken_at_the_end: taken(fleet, ending),
        counts: tally.seen(),
        took,
    }
}

/// Waits until every guard accepts good tokens: the control beside all the refusals.
fn all_take(fleet: &Fleet, lasting: &[Minted]) {
    for guard in &fleet.guards {
        for minted in lasting {
            poll::until("a guard takes a good token", PATIENCE, || {
                show(&guard.url, &minted.text).verdict == Verdict::Taken
            });
        }
    }
}

/// The number of ended sessions' tokens that the guards accept at the end of the run.
fn taken(fleet: &Fleet, ended: &[Minted]) -> usize {
    let taken = |guard: &super::guard::Guard| {
        let taken = |minted: &&Minted| show(&guard.url, &minted.text).verdict == Verdict::Taken;
        ended.iter().filter(taken).count()
    };
    fleet.guards.iter().map(taken).sum()
}
