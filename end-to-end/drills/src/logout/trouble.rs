//! Repeated trouble for the first guard while sessions end.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::chance::Chance;
use crate::guard::Guard;
use crate::pacer::sleep;
use support::hearing;

/// The kinds of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing.
    None,
    /// It is killed and started again.
    Killed,
    /// The network between it and the issuer holds back all bytes.
    Cut,
    /// It is killed, loses its replica, and is started again.
    Fresh,
}

impl Trouble {
    /// All kinds, in the order in which a drill makes them.
    pub const ALL: [Self; 4] = [Self::None, Self::Killed, Self::Cut, Self::Fresh];

    /// Its name in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "no trouble",
            Self::Killed => "guard 1 killed and started again",
            Self::Cut => "guard 1 cut off",
            Self::Fresh => "guard 1 started without its replica",
        }
    }
}

/// A time of trouble, during which the guard cannot be judged.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// The time at which it began.
    pub from: Instant,
    /// The time at which it ended: the guard was ready again and had caught up with the feed, or
    /// the tunnel to the issuer was open.
    pub until: Instant,
}

/// Makes trouble until `stop`, and notes the times.
pub(super) fn make(
    trouble: Trouble,
    guard: &Guard,
    seed: u64,
    spans: &Mutex<Vec<Span>>,
    stop: &AtomicBool,
) {
    let mut chance = Chance::branch(seed, trouble as usize + 1_000);
    let mut moment = |most: usize| {
        sleep(Duration::from_millis(u64::try_from(100 + chance.below(most)).unwrap_or(100)));
    };
    while trouble != Trouble::None && !stop.load(Ordering::SeqCst) {
        moment(800);
        let from = Instant::now();
        match trouble {
            Trouble::None => {}
            Trouble::Killed | Trouble::Fresh => {
                let mut service = guard.service();
                service.stop_by("KILL");
                if trouble == Trouble::Fresh {
                    fs::remove_dir_all(service.path("data")).expect("a replica to lose");
                }
                hearing::start(&mut service);
            }
            Trouble::Cut => {
                guard.tunnel.cut();
                moment(2_000);
                guard.tunnel.heal();
            }
        }
        let span = Span { from, until: Instant::now() };
        spans.lock().unwrap_or_else(PoisonError::into_inner).push(span);
    }
}
