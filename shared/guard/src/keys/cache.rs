//! The keys held, and the requests that wait for another one.
//!
//! A request that must wait takes a ticket. A fetch notes the last ticket taken before it began,
//! and its outcome answers all tickets up to that one. So only a fetch that began after a request
//! can answer it with "no such key".

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout_at};

use super::negative::Negative;
use crate::freshness::Stamp;
use signet_verifier::PublicKey;

/// The time that a request waits for a fetch.
const PATIENCE: Duration = Duration::from_secs(2);

/// The number of requests that may wait at once. As many again may wait for announced keys, so that
/// made-up keys never block a real new one.
const SEATS: usize = 1_000;

/// The reason for a missing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotFound {
    /// The issuer has no such key.
    Unknown,
    /// The issuer revoked it.
    Revoked,
    /// Unknown for now; try again after this number of seconds.
    Unavailable(u32),
}

/// The outcome of the owner's fetches.
#[derive(Debug, Clone)]
pub(super) struct Progress {
    /// Tickets up to this one are answered by the set now held.
    pub(super) answered: u64,
    /// The time at which the fetch for `answered` began.
    pub(super) began: Instant,
    /// The negative cache's generation at that time.
    generation: u64,
    /// Tickets up to this one can't be answered.
    pub(super) failed: u64,
    /// The time of the next try, if the last one failed.
    pub(super) retry_at: Instant,
}

/// The cache, shared by requests, the owner and the feed reader.
#[derive(Debug)]
pub(crate) struct KeyCache {
    held: ArcSwap<HashMap<String, PublicKey>>,
    /// Locked while the set is replaced or a key is dropped.
    rules: Mutex<Rules>,
    negative: Mutex<(Negative, u64)>,
    tickets: AtomicU64,
    waiting: AtomicUsize,
    waiting_announced: AtomicUsize,
    /// Wakes the owner for a new ticket, an announcement or a refresh.
    pub(super) wake: Notify,
    progress: watch::Sender<Progress>,
    /// Counts changes of the set.
    changes: watch::Sender<u64>,
    freshness: Mutex<Option<Stamp>>,
    pub(super) counters: Counters,
}

#[derive(Debug, Default)]
struct Rules {
    /// Never accepted again, from any set.
    revoked: HashSet<String>,
    /// Announced by the feed and not held yet.
    announced: HashSet<String>,
    /// Counts announcements; the owner compares it with its own count.
    announcements: u64,
    refresh: bool,
}

/// The owner's counters, for the guard's status.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) polls: AtomicU64,
    pub(super) unknown: AtomicU64,
    pub(super) announced: AtomicU64,
    pub(super) failures: AtomicU64,
    pub(super) last_error: Mutex<Option<String>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No guarded value is ever left partly changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl KeyCache {
    /// Creates a cache with `keys` from an earlier run, without those in `revoked`.
    pub(crate) fn new(
        keys: Vec<PublicKey>,
        freshness: Option<Stamp>,
        revoked: impl IntoIterator<Item = String>,
    ) -> Self {
        let revoked: HashSet<_> = revoked.into_iter().collect();
        let now = Instant::now();
        let progress =
            Progress { answered: 0, began: now, generation: 0, failed: 0, retry_at: now };
        Self {
            held: ArcSwap::from_pointee(by_kid(keys, &revoked)),
            rules: Mutex::new(Rules { revoked, ..Rules::default() }),
            negative: Mutex::default(),
            tickets: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
            waiting_announced: AtomicUsize::new(0),
            wake: Notify::new(),
            progress: watch::Sender::new(progress),
            changes: watch::Sender::new(0),
            freshness: Mutex::new(freshness),
            counters: Counters::default(),
        }
    }

    /// Creates a cache that no task fetches for: every other key is unknown.
    #[cfg(feature = "testing")]
    pub(crate) fn fixed(keys: Vec<PublicKey>, freshness: Stamp) -> Self {
        let cache = Self::new(keys, Some(freshness), []);
        cache.progress.send_modify(|progress| progress.answered = u64::MAX);
        cache
    }

    /// Returns the key, if it is held.
    pub(crate) fn get(&self, kid: &str) -> Option<PublicKey> {
        self.held.load().get(kid).cloned()
    }

    /// Returns true if the key is held.
    pub(crate) fn holds(&self, kid: &str) -> bool {
        self.held.load().contains_key(kid)
    }

    /// Returns the key. If it is not held, waits up to two seconds for a fetch.
    pub(crate) async fn find(&self, kid: &str) -> Result<PublicKey, NotFound> {
        if let Some(key) = self.get(kid) {
            return Ok(key);
        }
        let came = Instant::now();
        let (revoked, announced) = {
            let rules = locked(&self.rules);
            (rules.revoked.contains(kid), rules.announced.contains(kid))
        };
        if revoked {
            return Err(NotFound::Revoked);
        }
        if locked(&self.negative).0.holds(kid, came) {
            return Err(NotFound::Unknown);
        }
        let seats = if announced { &self.waiting_announced } else { &self.waiting };
        let _seat = Seat::take(seats).ok_or(NotFound::Unavailable(1))?;
        let mut progress = self.progress.subscribe();
        let ticket = self.tickets.fetch_add(1, Ordering::SeqCst) + 1;
        self.wake.notify_one();
        loop {
            // Read before the set: an outcome is published after its set.
            let seen = progress.borrow_and_update().clone();
            if let Some(key) = self.get(kid) {
                return Ok(key);
            }
            if seen.answered >= ticket {
                self.note_unknown(kid, &seen);
                let revoked = locked(&self.rules).revoked.contains(kid);
                return Err(if revoked { NotFound::Revoked } else { NotFound::Unknown });
            }
            if seen.failed >= ticket {
                return Err(NotFound::Unavailable(seconds_until(seen.retry_at)));
            }
            match timeout_at(came + PATIENCE, progress.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return Err(NotFound::Unavailable(1)),
            }
        }
    }

    fn note_unknown(&self, kid: &str, seen: &Progress) {
        let mut negative = locked(&self.negative);
        // An announcement or a changed set since that fetch makes its result outdated.
        if negative.1 == seen.generation {
            negative.0.note(kid, seen.began, Instant::now());
        }
    }

    fn forget_unknown(&self) {
        let mut negative = locked(&self.negative);
        negative.0.clear();
        negative.1 += 1;
    }

    /// Notes an announced key: it is fetched at once, outside the budget.
    pub(crate) fn announce(&self, kid: &str) {
        let mut rules = locked(&self.rules);
        if rules.revoked.contains(kid) {
            return;
        }
        self.forget_unknown();
        if self.holds(kid) {
            return;
        }
        rules.announced.insert(kid.to_owned());
        rules.announcements += 1;
        drop(rules);
        self.wake.notify_one();
    }

    /// Drops a revoked key, and never accepts it again.
    pub(crate) fn revoke(&self, kid: &str) {
        let mut rules = locked(&self.rules);
        rules.revoked.insert(kid.to_owned());
        rules.announced.remove(kid);
        let held = self.held.load();
        if held.contains_key(kid) {
            let mut left = HashMap::clone(&held);
            left.remove(kid);
            self.held.store(Arc::new(left));
            self.changes.send_modify(|count| *count += 1);
        }
    }

    /// Requests a poll now: the issuer is back after an outage, or the feed begins again.
    pub(crate) fn refresh(&self) {
        locked(&self.rules).refresh = true;
        self.wake.notify_one();
    }

    /// Returns the `kid`s of the held keys, sorted.
    pub(crate) fn kids(&self) -> Vec<String> {
        let mut kids: Vec<_> = self.held.load().keys().cloned().collect();
        kids.sort_unstable();
        kids
    }

    /// Returns a receiver for changes of the set.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Returns the time of the request that last brought or confirmed the set.
    pub(crate) fn freshness(&self) -> Option<Stamp> {
        *locked(&self.freshness)
    }

    /// Replaces the held set by a fetched one. Returns `false` if all its keys are revoked: then it
    /// is an old copy, and nothing changes.
    pub(super) fn replace(&self, keys: Vec<PublicKey>, sent: Stamp) -> bool {
        let mut rules = locked(&self.rules);
        let keys = by_kid(keys, &rules.revoked);
        if keys.is_empty() {
            return false;
        }
        rules.announced.retain(|kid| !keys.contains_key(kid));
        let changed = {
            let held = self.held.load();
            held.len() != keys.len() || held.keys().any(|kid| !keys.contains_key(kid))
        };
        if changed {
            self.held.store(Arc::new(keys));
            self.forget_unknown();
            self.changes.send_modify(|count| *count += 1);
        }
        drop(rules);
        self.confirm(sent);
        true
    }

    /// Notes that the held set is still the issuer's.
    pub(super) fn confirm(&self, sent: Stamp) {
        *locked(&self.freshness) = Some(sent);
    }

    /// Returns the last ticket taken.
    pub(super) fn last_ticket(&self) -> u64 {
        self.tickets.load(Ordering::SeqCst)
    }

    /// Returns true if any request waits.
    pub(super) fn anyone_waits(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) + self.waiting_announced.load(Ordering::SeqCst) > 0
    }

    /// Answers tickets up to `ticket` by the set now held.
    pub(super) fn answer(&self, ticket: u64, began: Instant) {
        let generation = locked(&self.negative).1;
        self.progress.send_modify(|progress| {
            if ticket >= progress.answered {
                progress.answered = ticket;
                progress.began = began;
                progress.generation = generation;
            }
        });
    }

    /// Wakes the waiting requests to look again: the set may have changed.
    pub(super) fn hint(&self) {
        self.progress.send_modify(|_| {});
    }

    /// Fails tickets up to `ticket` until `retry_at`.
    pub(super) fn fail(&self, ticket: u64, retry_at: Instant) {
        self.progress.send_modify(|progress| {
            progress.failed = progress.failed.max(ticket);
            progress.retry_at = retry_at;
        });
    }

    /// Returns the number of announcements, and true if an announced key is still missing.
    pub(super) fn announcements(&self) -> (u64, bool) {
        let rules = locked(&self.rules);
        (rules.announcements, !rules.announced.is_empty())
    }

    /// Waits until every announced key is held or abandoned, at most for `patience`.
    pub(crate) async fn announced_are_held(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        let mut changes = self.changes();
        while self.announcements().1 {
            if !matches!(timeout_at(deadline, changes.changed()).await, Ok(Ok(()))) {
                return;
            }
        }
    }

    /// Abandons announced keys that are still not in the issuer's set.
    pub(super) fn forget_announced(&self) {
        locked(&self.rules).announced.clear();
    }

    /// Returns true once after a call of `refresh`.
    pub(super) fn take_refresh(&self) -> bool {
        std::mem::take(&mut locked(&self.rules).refresh)
    }

    /// Notes the error of a fetch, or `None` after a success.
    pub(super) fn note_error(&self, error: Option<String>) {
        *locked(&self.counters.last_error) = error;
    }

    /// Returns the fetches by cause, the failures, and the last error.
    pub(crate) fn counts(&self) -> ([(&'static str, u64); 3], u64, Option<String>) {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counters = &self.counters;
        let by_cause = [
            ("poll", of(&counters.polls)),
            ("unknown_key", of(&counters.unknown)),
            ("announced", of(&counters.announced)),
        ];
        (by_cause, of(&counters.failures), locked(&counters.last_error).clone())
    }
}

fn by_kid(keys: Vec<PublicKey>, revoked: &HashSet<String>) -> HashMap<String, PublicKey> {
    keys.into_iter()
        .filter(|key| !revoked.contains(key.kid()))
        .map(|key| (key.kid().to_owned(), key))
        .collect()
}

/// Returns whole seconds for `Retry-After`, at least one.
fn seconds_until(at: Instant) -> u32 {
    let left = at.saturating_duration_since(Instant::now()).as_secs_f64().ceil();
    (1..=60).find(|seconds| f64::from(*seconds) >= left).unwrap_or(60)
}

/// A place among the waiting requests, released when the request ends in any way.
struct Seat<'a>(&'a AtomicUsize);

impl<'a> Seat<'a> {
    fn take(seats: &'a AtomicUsize) -> Option<Self> {
        let taken = seats.fetch_add(1, Ordering::SeqCst);
        let seat = Self(seats);
        (taken < SEATS).then_some(seat)
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
