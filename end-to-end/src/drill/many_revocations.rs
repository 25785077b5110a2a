//! A guard with very many live revocations: how long it takes to start, fresh and with its replica, and
//! what memory they take.

use std::fmt;
use std::fs;
use std::time::{Duration, Instant};

use shared::clock::{Clock, SystemClock};

use super::fleet::{Fleet, Make};
use super::holder::Holder;
use super::promises::Promises;
use super::showing::{Verdict, show};
use crate::poll;
use crate::revocations;
use crate::service::Service;

/// More than the start with a few million takes.
const PATIENCE: Duration = Duration::from_mins(10);

/// What one revocation may take of a guard's memory, in bytes.
const MOST_BYTES: u64 = 150;

/// A guard that has started.
#[derive(Debug, Clone)]
pub struct Started {
    /// From the start of the process until it was ready.
    pub ready: Duration,
    /// The memory that it holds, in KiB.
    pub memory: u64,
    /// The most that it held on the way there, in KiB.
    pub peak: u64,
    /// Whether it refuses the token of the session that ended.
    pub refuses: bool,
    /// Whether it takes another.
    pub takes: bool,
}

/// What was seen.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// How many there are.
    pub count: u32,
    /// A guard without any: the memory that it holds, in KiB.
    pub empty: u64,
    /// A guard without a replica.
    pub fresh: Started,
    /// The same, started again.
    pub again: Started,
}

/// Runs it with `count` revocations. `progress` is told how far it is.
pub fn run(count: u32, postgres: bool, progress: &dyn Fn(String)) -> Outcome {
    let life = Duration::from_hours(1);
    let fleet = Fleet::start(&Make { guards: 1, postgres, token_life: life, max_age: life });
    let mut holder = Holder::signed_up(&fleet.auth, "Ada");
    let mut log_in = || holder.log_in(&fleet.auth).expect("a log-in").text;
    let (ended, good) = (log_in(), log_in());
    let guard = &fleet.guards[0];
    poll::until("the guard knows the user", PATIENCE, || {
        show(&guard.url, &good).verdict == Verdict::Taken
    });
    let mut service = guard.service();
    service.restart();
    let empty = service.process().memory_kib();

    progress(format!("{count} revocations are written"));
    fleet.run_sql(&revocations::sql(count, SystemClock.now()));
    fleet.auth.post("/logout").bearer(&ended).send().expect(204);
    service.stop();
    fs::remove_dir_all(service.path("data")).expect("a replica to lose");
    let mut start = || started(&mut service, &ended, &good);
    progress("a guard starts without its replica".to_owned());
    let fresh = start();
    progress("a guard starts with its replica".to_owned());
    let again = start();
    Outcome { count, empty, fresh, again }
}

/// Starts a guard, looks at it and ends it.
fn started(service: &mut Service, ended: &str, good: &str) -> Started {
    let began = Instant::now();
    service.spawn();
    poll::until("the guard is ready", PATIENCE, || service.ready());
    let ready = began.elapsed();
    let refuses = matches!(show(&service.url, ended).verdict, Verdict::Refused(_));
    let takes = show(&service.url, good).verdict == Verdict::Taken;
    let process = service.process();
    let (memory, peak) = (process.memory_kib(), process.peak_memory_kib());
    service.stop();
    Started { ready, memory, peak, refuses, takes }
}

impl Outcome {
    /// What each revocation takes of the memory of this guard, in bytes.
    pub fn bytes_each(&self, guard: &Started) -> u64 {
        guard.memory.saturating_sub(self.empty) * 1_024 / u64::from(self.count.max(1))
    }

    fn guards(&self) -> [(&'static str, &Started); 2] {
        [("without its replica", &self.fresh), ("with its replica", &self.again)]
    }

    /// What must hold, and what was seen of it.
    pub fn promises(&self) -> Promises {
        let mut promises = Promises::default();
        for (how, guard) in self.guards() {
            promises.note(
                format!("{how}: refuses the ended session"),
                guard.refuses,
                guard.refuses,
            );
            promises.note(format!("{how}: takes another"), guard.takes, guard.takes);
            let each = self.bytes_each(guard);
            let what = format!("{how}: at most {MOST_BYTES} bytes for each revocation");
            promises.note(what, each, each <= MOST_BYTES);
        }
        promises
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "a guard with {} live revocations", self.count)?;
        writeln!(f, "  memory without any      {} KiB", self.empty)?;
        for (how, guard) in self.guards() {
            let Started { ready, memory, peak, .. } = guard;
            writeln!(f, "  started {how}")?;
            writeln!(f, "    until ready           {:.1} s", ready.as_secs_f64())?;
            writeln!(f, "    memory                {memory} KiB, {peak} KiB on the way")?;
            writeln!(f, "    each revocation       {} bytes", self.bytes_each(guard))?;
        }
        Ok(())
    }
}
