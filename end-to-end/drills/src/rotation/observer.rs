//! Observes the keys from outside, ten times a second: the published set and each guard's keys.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::timeline::{Place, Timeline};
use crate::fleet::Fleet;
use crate::pacer::Pacer;

/// The time between two observations.
const EVERY: Duration = Duration::from_millis(100);

/// Observes until `stop`.
pub(super) fn observe(fleet: &Fleet, timeline: &Mutex<Timeline>, stop: &AtomicBool) {
    let mut pacer = Pacer::every(EVERY);
    while !stop.load(Ordering::SeqCst) {
        pacer.wait();
        look(timeline, Place::KeySet, || published(fleet));
        for (number, guard) in fleet.guards.iter().enumerate() {
            look(timeline, Place::Guard(number), || guard.keys());
        }
    }
}

fn look(timeline: &Mutex<Timeline>, place: Place, kids: impl Fn() -> Option<Vec<String>>) {
    let began = Instant::now();
    if let Some(kids) = kids() {
        let ended = Instant::now();
        let mut timeline = timeline.lock().unwrap_or_else(PoisonError::into_inner);
        timeline.look(place, &kids, began, ended);
    }
}

/// The keys of the published set.
pub(super) fn published(fleet: &Fleet) -> Option<Vec<String>> {
    let set = fleet.auth.get("/.well-known/jwks.json").try_send().ok()?;
    let set: serde_json::Value = serde_json::from_slice(&set.body).ok()?;
    let kids = set["keys"].as_array()?.iter().filter_map(|key| key["kid"].as_str());
    Some(kids.map(str::to_owned).collect())
}
