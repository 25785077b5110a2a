//! What happens to the first guard while sessions end, again and again.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::chance::Chance;
use crate::guard::Guard;
use crate::pacer::sleep;
use support::hearing;

/// The kinds of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing.
    None,
    /// It is killed and started again.
    Killed,
    /// The network between it and the issuer swallows everything.
    Cut,
    /// It is killed, loses its replica, and is started.
    Fresh,
}

impl Trouble {
    /// All of them, in the order in which a drill makes them.
    pub const ALL: [Self; 4] = [Self::None, Self::Killed, Self::Cut, Self::Fresh];

    /// What a report calls it.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "no trouble",
            Self::Killed => "guard 1 killed and started again",
            Self::Cut => "guard 1 cut off",
            Self::Fresh => "guard 1 started without its replica",
        }
    }
}

/// A time of trouble: until then nothing can be asked of the guard.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// When it began.
    pub from: Instant,
    /// When it was over: the guard was ready again and had heard what it missed, or the way to the
    /// issuer was open.
    pub until: Instant,
}

/// Makes trouble until `stop`, and notes when.
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
